"""Who is told of what."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.installation import Installation
from blocks.store import Store
from domain.journal_kinds import Happened
from domain.message import Moment
from domain.outcomes import Outcome
from domain.severity import Severity
from tasks.case import Case
from tasks.tell import announce, announce_early, tell
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["stage", "store_url"]

PHONE = {"kind": "pagerduty", "name": "phone", "routing_key": "key"}
MAIL = {
    "kind": "email", "name": "mail", "host": "127.0.0.1", "security": "none", "sender": "a@b.org", "to": ["c@d.org"],
}  # fmt: skip
LOUD = {"kind": "pagerduty", "name": "loud", "routing_key": "key", "severities": ["low"]}
SMS = {"kind": "notification", "name": "sms", "block": "twilio-sms/on-call"}


@pytest.fixture
def scene(stage: Stage, tmp_path: Path) -> Scene:
    chat = {"kind": "logfile", "name": "chat", "path": str(tmp_path / "messages.log")}
    return stage.scene(
        tmp_path, channels=[PHONE, MAIL, chat, LOUD, SMS], templates=str(tmp_path / "templates")
    )


@pytest.fixture
def here(scene: Scene) -> Iterator[Installation]:
    with scene.installation() as here:
        yield here


def case_of(scene: Scene, here: Installation, severity: Severity) -> Case:
    return scene.case(here, severity=severity)


def text(store: Store, case: Case) -> str:
    with store.database.transaction() as connection:
        rows = connection.execute(
            "SELECT message FROM outbox WHERE incident = %s ORDER BY id", [case.incident.id]
        )
        return str([row["message"] for row in rows][-1]["text"])


@pytest.mark.parametrize(
    ("severity", "names"),
    [
        (Severity.CRITICAL, ["phone", "mail", "chat", "sms"]),
        (Severity.HIGH, ["mail", "chat"]),
        (Severity.MEDIUM, ["mail", "chat"]),
        (Severity.LOW, ["chat", "loud"]),
    ],
)
def test_severity_says_who_is_told(
    scene: Scene, here: Installation, severity: Severity, names: list[str]
) -> None:
    case = case_of(scene, here, severity)
    assert tell(case, Moment.STARTED) == names
    here.store.close(case.hold, Outcome.HELD)


def test_a_call_for_help_goes_to_all_but_those_whose_severities_somebody_chose(
    scene: Scene, here: Installation
) -> None:
    case = case_of(scene, here, Severity.MEDIUM)
    assert tell(case, Moment.ESCALATED) == ["phone", "mail", "chat", "sms"]
    here.store.close(case.hold, Outcome.HELD)


def test_whoever_was_called_is_told_how_it_ended(scene: Scene, here: Installation) -> None:
    case = case_of(scene, here, Severity.HIGH)
    case.note(Happened.MESSAGE_SENT, channel="phone", thread="")
    assert tell(case, Moment.UPDATE, once="slot 1") == ["phone", "mail", "chat"]
    here.store.close(case.hold, Outcome.HELD)


def test_templates_of_ones_own_are_used_as_they_are_now(
    scene: Scene, here: Installation, tmp_path: Path
) -> None:
    case = case_of(scene, here, Severity.LOW)
    tell(case, Moment.STARTED, once="1")
    assert "the templates' folder" in text(here.store, case)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "started.md.j2").write_text("Just this.", encoding="utf-8")
    tell(case, Moment.STARTED, once="2")
    assert text(here.store, case) == "Just this.\n"
    here.store.close(case.hold, Outcome.HELD)


def test_an_early_first_word_is_said_once_and_the_runs_own_follows(scene: Scene, here: Installation) -> None:
    case = case_of(scene, here, Severity.LOW)
    announce_early(case)
    announce_early(case)
    announce(case)
    announce_early(case)
    announced = [entry for entry in here.store.entries(case.incident.id) if entry.kind == Happened.ANNOUNCED]
    assert [entry.data.get("early", False) for entry in announced] == [True, False]
    here.store.close(case.hold, Outcome.HELD)


PAGE = {"kind": "statuspage", "name": "page", "api_key": "key", "page": "abc"}
DRILL = {"faults": {"errors": {"inject": ["true"], "undo": ["true"]}}, "production": False}


@pytest.mark.parametrize(
    ("channel", "usual", "help_needed"),
    [(None, ["phone", "chat"], ["phone", "chat"]), ("chat", ["chat"], ["phone", "chat"])],
)
def test_of_a_drill_its_channel_hears_alone_but_for_a_call_for_help_and_no_public_one(
    stage: Stage, tmp_path: Path, channel: str | None, usual: list[str], help_needed: list[str]
) -> None:
    chat = {"kind": "logfile", "name": "chat", "path": str(tmp_path / "messages.log")}
    scene = stage.scene(tmp_path, channels=[PHONE, PAGE, chat], drill={**DRILL, "channel": channel})
    with scene.installation() as here:
        case = scene.case(here)
        assert tell(case, Moment.STARTED) == ["phone", "page", "chat"]
        case.incident = case.incident.model_copy(
            update={"request": case.request.model_copy(update={"drill": "d"})}
        )
        assert tell(case, Moment.UPDATE, once="1") == usual
        assert tell(case, Moment.ESCALATED) == help_needed
        here.store.close(case.hold, Outcome.HELD)
