"""A round of looks at readiness: what it asks of channels, and what it does where one application breaks it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.logging import get_logger

from blocks import configuration
from blocks.channels.logfile import Logfile
from blocks.store import readiness as kept
from domain.checkup import Checkup, well, wrong
from domain.findings import Verdict
from domain.readiness import Check, Readiness
from flows import readiness as flow
from tasks.readiness import CHECKS, Looked, look
from tests.flows.stage import Scene, Stage

PREFECT = "http://127.0.0.1:4200/api"


def channels(scene: Scene, path: Path) -> Verdict:
    document = configuration.document(
        {**scene.raw, "channels": [{"kind": "logfile", "path": str(path)}]}, "a test", {}
    )
    with scene.installation() as here:
        checks = {"channels": CHECKS["channels"]}
        [found] = look(here, scene.name, lambda: document, lambda: PREFECT, checks).readiness.checks
    return found.verdict


def test_a_good_answer_of_a_channel_holds_and_a_bad_one_is_asked_for_again(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def examine(channel: Logfile) -> list[Checkup]:
        asked.append(channel.name)
        well_now = len(asked) > 2
        return [well("reachable", "chat", "answers") if well_now else wrong("reachable", "chat", "refuses")]

    monkeypatch.setattr(Logfile, "examine", examine)
    scene = stage.scene(tmp_path)
    seen = [(channels(scene, tmp_path / "one.log"), len(asked)) for _ in range(4)]
    assert seen == [(Verdict.BAD, 1), (Verdict.BAD, 2), (Verdict.OK, 3), (Verdict.OK, 3)]
    channels(scene, tmp_path / "another.log")
    assert len(asked) == 4, "with other settings it is another channel"


@contextmanager
def nothing() -> Iterator[Any]:
    store = SimpleNamespace(rest=lambda: None, database=None)
    yield SimpleNamespace(store=store)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Readiness]:
    """What people would be told of two applications, the first of which breaks each look."""
    found: dict[str, Readiness] = {}

    def breaks(_here: Any, application: str, *_arguments: Any) -> Looked:
        if application == "a/b":
            raise KeyError("nobody foresaw this")
        seen = well("lock", application, "nobody has it")
        return Looked(Readiness(application=application, checks=[Check(name="lock", checkups=[seen])]), None)

    monkeypatch.setattr(flow, "installation", nothing)
    monkeypatch.setattr(flow, "_wanted", lambda *_arguments: ["a/b", "c/d"])
    monkeypatch.setattr(flow, "look", breaks)
    monkeypatch.setattr(flow, "show", lambda _seen: None)
    monkeypatch.setattr(kept, "forget_others", lambda *_arguments: None)
    monkeypatch.setattr(flow, "get_run_logger", lambda: get_logger("a test"))
    monkeypatch.setattr(
        flow, "_tell", lambda _here, looked: found.update({looked.readiness.application: looked.readiness})
    )
    return found


def test_an_application_that_breaks_its_look_hides_no_other(told: dict[str, Readiness]) -> None:
    state = flow.readiness.fn(None)
    assert state.name == "NotReady"
    assert set(told) == {"a/b", "c/d"}
    [broken] = told["a/b"].causes
    assert (broken.name, broken.verdict) == ("look", Verdict.BAD)
    assert "KeyError" in broken.said
    assert told["c/d"].ready


def test_one_that_cannot_be_told_of_ends_the_run_after_the_others(
    told: dict[str, Readiness], monkeypatch: pytest.MonkeyPatch
) -> None:
    def shows(seen: Readiness) -> None:
        if seen.application == "a/b":
            raise OSError("no artifact")

    monkeypatch.setattr(flow, "show", shows)
    with pytest.raises(OSError, match="no artifact"):
        flow.readiness.fn(None)
    assert set(told) == {"c/d"}
