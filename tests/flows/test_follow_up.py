"""The follow-ups of a rollback on real slots: what they look at, keep and tell, and that each tells once."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, State, StateType

from blocks.channels.pagerduty import PagerDuty
from blocks.installation import Installation
from blocks.platforms.processes import Processes
from blocks.store import configurations
from blocks.store.configurations import Applied
from deployments.incident_list import listed
from domain.errors import Unreachable
from domain.follow_up import Step
from domain.message import Moment
from domain.outcomes import Outcome
from flows import follow_up as flow
from flows.intake import after_the_end
from flows.path import take_back_now
from tasks import follow_up as acts
from tasks import verify
from tasks.finish import keep_head
from tests.flows.stage import Scene, Stage
from tests.forked import KILLED, exit_code

PHONE = {"kind": "pagerduty", "name": "phone", "routing_key": "key"}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "PAUSE_S", 0.01)


@pytest.fixture
def scene(stage: Stage, tmp_path: Path) -> Scene:
    log = {"kind": "logfile", "name": "chat", "path": str(tmp_path / "messages.log")}
    made = stage.scene(tmp_path, channels=[log, PHONE])
    assert made.walk(take_back_now) is Outcome.ROLLED_BACK
    return made


@pytest.fixture
def here(scene: Scene) -> Iterator[Installation]:
    with scene.installation() as here:
        yield here


def follow(scene: Scene, step: Step = Step.STABILITY) -> str:
    """One run of the follow-up, with a connection of its own."""
    incident = scene.incident().id
    with scene.installation() as here:
        return acts.follow_up(after_the_end(here, scene.document, incident, f"run {step}"), step)


def told(scene: Scene) -> list[tuple[str, str]]:
    """The follow-ups in the outbox: which, and to whom."""
    with scene.installation() as here, here.store.database.transaction() as connection:
        rows = connection.execute(
            """SELECT message ->> 'once' AS step, channel FROM outbox
                WHERE incident = %s AND message ->> 'moment' = %s ORDER BY id""",
            [scene.incident().id, Moment.FOLLOW_UP],
        )
        return [(row["step"], row["channel"]) for row in rows]


def text(scene: Scene) -> str:
    with scene.installation() as here, here.store.database.transaction() as connection:
        row = connection.execute(
            "SELECT message ->> 'text' AS text FROM outbox WHERE incident = %s ORDER BY id DESC LIMIT 1",
            [scene.incident().id],
        ).fetchone()
        assert row is not None
        return str(row["text"])


def evidence(scene: Scene, name: str) -> str:
    return (Path(scene.incident().report or "").parent / name).read_text()


def dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(scene: Scene, owner: Any, name: str, *, after: bool) -> int | None:
    """A run in a process of its own that is killed there."""

    def run() -> None:
        act: Callable[..., Any] = getattr(owner, name)

        def deadly(*args: Any, **kwargs: Any) -> None:
            if after:
                act(*args, **kwargs)
            dies()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner, name, deadly)
            follow(scene)

    return exit_code(run)


def test_after_an_hour_it_looks_keeps_and_tells_those_who_are_not_woken(scene: Scene) -> None:
    assert follow(scene).startswith("told to chat; ")
    [looked] = scene.data("looked after")
    assert (looked["step"], looked["serving"], looked["release"]) == ("stability", "green", "1.0")
    assert looked["findings"][0]["verdict"] == "ok"
    assert told(scene) == [("stability", "chat")]
    assert "1.0 serves from green" in text(scene)
    assert "users are well: health" in text(scene)
    assert "- [x] Health checks passing (finding): health on router" in evidence(scene, "checklist.md")
    [done] = scene.data("followed up")
    assert {"root-cause", "fix-plan", "lessons"} <= set(done["open"])


def test_after_a_day_there_is_the_draft_and_after_a_week_the_checklist(scene: Scene) -> None:
    follow(scene, Step.POST_MORTEM)
    draft = evidence(scene, "post-mortem.md")
    assert "# Post-Mortem (draft)" in draft
    assert "traffic moved from blue to green" in draft
    assert "post-mortem.md" in text(scene)
    follow(scene, Step.REDEPLOYMENT)
    assert f"`backout quarantine lift {scene.name} 2.0`" in text(scene)
    assert told(scene) == [("post-mortem", "chat"), ("redeployment", "chat")]


def test_what_is_bad_now_is_said_and_nothing_is_switched(scene: Scene, stage: Stage) -> None:
    (stage.folder / "green.unhealthy").touch()
    follow(scene)
    assert "health on router: bad" in text(scene)
    assert "open: All services running and healthy" in text(scene)
    assert stage.serving() == "green"


def test_where_nobody_can_look_that_is_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_platform: Processes) -> Any:
        raise Unreachable(what_it_is="a host", address="here", why="refused")

    monkeypatch.setattr(Processes, "route", away)
    follow(scene)
    assert "which slot has the traffic cannot be told" in text(scene)
    assert "no data" in text(scene)


@pytest.mark.parametrize(
    ("owner", "name", "after"),
    [(acts, "look_after", True), (acts, "tell", False), (acts, "tell", True), (acts, "keep_head", False)],
)
def test_killed_anywhere_and_started_again_it_tells_once(
    scene: Scene, owner: Any, name: str, after: bool
) -> None:
    assert killed(scene, owner, name, after=after) == KILLED
    follow(scene)
    assert told(scene) == [("stability", "chat")]
    assert len(scene.data("followed up")) == 1
    assert follow(scene) == "it was told before"
    assert told(scene) == [("stability", "chat")]


def test_a_policy_that_was_changed_since_is_followed(scene: Scene) -> None:
    scene.raw["policy"] = {"preset": "default", "follow_ups": {"enabled": False}}
    assert "is off by now" in follow(scene)
    assert told(scene) == []
    [done] = scene.data("followed up")
    assert (done["channels"], done["off"]) == ([], True), "it is not due for ever"


def test_one_that_failed_is_told_to_those_who_would_have_heard_of_it(
    scene: Scene, here: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Prefect calls it, where a parameter's block is gone too: there the function itself never begins."""
    lost = {"kind": "slack", "name": "ops", "token": "${NOT_SET_ANYWHERE}", "channel": "#ops"}
    chat, phone = scene.raw["channels"]
    raw = {**scene.raw, "channels": [lost, chat, phone]}
    configurations.keep(here.store.database, Applied(scene.name, raw, "digest", "a test"), "sam")
    asked: list[str] = []
    monkeypatch.setattr(PagerDuty, "send", lambda channel, *_message: asked.append(channel.name))
    monkeypatch.setattr(flow, "installation", scene.installation)
    parameters = {"application": {"$ref": {}}, "incident": scene.incident().id, "step": "stability"}
    state = State(type=StateType.FAILED, message="Failed to resolve block references in parameters.")
    [hook] = flow.follow_up.on_failure_hooks
    hook(flow.follow_up, FlowRun(flow_id=uuid4(), parameters=parameters), state)
    said = json.loads((tmp_path / "messages.log").read_text().splitlines()[-1])
    assert said["title"] == f"⚠️ WARNING: {scene.name}: the stability follow-up of a rollback failed"
    assert "Failed to resolve block references" in said["text"]
    assert scene.incident().id in said["text"]
    assert asked == [], "nobody is woken"


def test_a_newer_incident_cancels_nothing_and_is_named(scene: Scene, stage: Stage) -> None:
    first = scene.incident().id
    stage.give_traffic_to("blue")
    with scene.installation() as here:
        here.store.quarantine(scene.name, "2.0", None)
        newer = scene.case(here, "second").incident.id
        case = after_the_end(here, scene.document, first, "run")
        acts.follow_up(case, Step.STABILITY)
        keep_head(case)
        lines = [row.data for row in here.store.entries(first) if row.kind == "followed up"]
    assert lines[0]["newer"] == newer


def test_the_list_of_incidents_has_what_is_left(scene: Scene, here: Installation) -> None:
    incident = scene.incident()
    due = scene.document.policy.follow_ups.due(incident.closed_at or incident.opened_at)
    here.store.append(
        incident.id, "follow-ups scheduled", {"due": {step: at.isoformat() for step, at in due.items()}}
    )
    follow(scene)
    [row] = listed(here, scene.name)
    assert [one.step for one in row.due] == [Step.POST_MORTEM, Step.REDEPLOYMENT]
    assert row.open
    assert (row.outcome, row.from_release, row.to_release) == (Outcome.ROLLED_BACK, "2.0", "1.0")
    assert {one.key for one in row.open_items} >= {"lessons"}
    assert len(row.checklist) == 13
