"""A drill's steps on a real application: what it refuses, what it marks, and that its row is closed whatever happens."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from blocks.installation import Installation
from blocks.platforms.processes import Processes
from blocks.routers.contract import Route
from blocks.store import drills, waiting
from domain.consent import Ruling, ruling
from domain.drill import Drill
from domain.errors import CommandFailed, Conflict
from domain.outcomes import Outcome
from domain.plan import Decision, Plan
from domain.policy import Consent
from domain.severity import Severity
from flows import consent
from flows import drill as flow
from tasks import drill as steps
from tasks.case import Case
from tasks.drill_case import DrillCase
from tasks.drill_cleanup import cleaned_up
from tasks.drill_consent import withdrawn
from tasks.ended import Ended
from tasks.finish import settle
from tests.deployments.consent_stage import Suspended, in_flow
from tests.flows.conftest import stage, store_url
from tests.flows.stage import Scene, Stage

__all__ = ["in_flow", "stage", "store_url"]

RUN = "a run"


def section(folder: Path, **changes: Any) -> dict[str, Any]:
    """A fault that nothing can find: a file that is there."""
    fault = {"inject": ["touch", str(folder / "marker")], "undo": ["rm", "-f", str(folder / "marker")]}
    return {"faults": {"marker": fault}, "patience_s": 1, **changes}


@pytest.fixture
def scene(stage: Stage, tmp_path: Path) -> Scene:
    return stage.scene(tmp_path, drill=section(tmp_path))


@pytest.fixture
def here(scene: Scene) -> Iterator[Installation]:
    with scene.installation() as here:
        yield here


def begun(scene: Scene, here: Installation, **changes: Any) -> DrillCase:
    made = steps.new(scene.document, f"{scene.name} {RUN}", "marker", by="ann", via="cli", reason="")
    later = {"until": datetime.now(UTC) + timedelta(hours=1), **changes}
    return steps.opened(here, scene.document, made.model_copy(update=later))


def kept(scene: Scene, here: Installation) -> Drill:
    return drills.past(here.store.database, scene.name)[0]


def test_only_the_incident_that_it_waits_for_is_marked(scene: Scene, here: Installation) -> None:
    case = begun(scene, here, slot="blue")
    real = scene.case(here, "by a person", via="cli")
    assert real.request.drill == ""
    here.store.close(real.hold, Outcome.HELD)
    waited = scene.case(here, "by a trigger", via="automation")
    assert waited.request.drill == case.drill.id
    here.store.close(waited.hold, Outcome.HELD)
    case.keep(incident=waited.incident.id)
    later = scene.case(here, "by another trigger", via="automation")
    assert later.request.drill == ""
    here.store.close(later.hold, Outcome.HELD)


def test_a_persons_incident_ends_the_drill(scene: Scene, here: Installation) -> None:
    case = begun(scene, here, slot="blue")
    real = scene.case(here, "by a person", via="cli")
    with pytest.raises(Conflict, match=real.incident.id):
        steps.found(case)
    here.store.close(real.hold, Outcome.HELD)


def asks(scene: Scene, case: Case) -> Plan:
    """A plan that people are asked about."""
    plan = Plan(
        application=scene.name, decision=Decision.ROLL_BACK, severity=Severity.HIGH, from_release="2.0",
        to_release="1.0", to_slot="green", deadline_s=3600, rto_s=3600, consent=Consent(people=1),
    )  # fmt: skip
    case.ledger.keep_plan(case.hold, plan)
    return plan


def test_consent_that_is_still_asked_for_at_its_end_is_withdrawn(scene: Scene, here: Installation) -> None:
    drilled = begun(scene, here, slot="blue")
    case = scene.case(here, via="automation")
    plan = asks(scene, case)
    drilled.keep(incident=case.incident.id)
    assert not withdrawn(here, drilled.drill), "nobody is asked yet"
    case.ledger.wait(case.hold, datetime.now(UTC) + timedelta(hours=1))
    assert case.incident.id not in waiting.overdue(here.store.database, 5)
    assert withdrawn(here, drilled.drill)
    kept = here.store.approvals(case.incident.id)
    assert ruling(plan, kept, here.approvals_key) is Ruling.EXPIRED
    assert case.incident.id in waiting.overdue(here.store.database, 5), "`serve` wakes its run"
    here.store.close(case.hold, Outcome.EXPIRED)


@pytest.mark.usefixtures("in_flow")
@pytest.mark.parametrize("over", ["ended_at", "until"])
def test_consent_that_is_asked_for_after_its_end_is_withdrawn_at_once(
    scene: Scene, here: Installation, over: str
) -> None:
    drilled = begun(scene, here, slot="blue")
    case = scene.case(here, via="automation")
    asks(scene, case)
    with pytest.raises(Suspended):
        consent.ask(case, case.plan)
    assert here.store.approvals(case.incident.id) == [], "the drill goes on"
    drilled.keep(**{over: datetime.now(UTC)})
    with pytest.raises(Ended) as ended:
        consent.ask(case, case.plan)
    assert ended.value.outcome is Outcome.EXPIRED
    assert "the drill is over" in ended.value.why
    here.store.close(case.hold, Outcome.EXPIRED)


@pytest.mark.parametrize(("via", "quarantined"), [("automation", []), ("cli", ["2.0"])])
def test_a_drills_rollback_puts_nothing_in_quarantine(
    scene: Scene, here: Installation, via: str, quarantined: list[str]
) -> None:
    begun(scene, here, slot="blue")
    case = scene.case(here, via=via)
    plan = Plan(
        application=scene.name, decision=Decision.ROLL_BACK, severity=Severity.HIGH, from_release="2.0",
        to_release="1.0", to_slot="green", deadline_s=120, rto_s=120,
    )  # fmt: skip
    case.ledger.keep_plan(case.hold, plan)
    settle(case, Outcome.ROLLED_BACK)
    here.store.close(case.hold, Outcome.ROLLED_BACK)
    assert [one.version for one in here.store.releases(scene.name) if one.quarantined_by] == quarantined


def test_shared_traffic_is_not_broken(
    scene: Scene, here: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shared = Route(slot=None, stamp="1", shares={"blue": 90, "green": 10})
    monkeypatch.setattr(Processes, "route", lambda _platform: shared)
    over = flow.play(begun(scene, here))
    assert "blue 90 %, green 10 %" in over.problems[0]
    assert not (tmp_path / "marker").exists()
    assert kept(scene, here).injected_at is None


def test_what_is_unwell_already_is_not_broken(
    scene: Scene, here: Installation, stage: Stage, tmp_path: Path
) -> None:
    (stage.folder / "blue.unhealthy").touch()
    over = flow.play(begun(scene, here))
    assert "the health of" in over.problems[0]
    assert kept(scene, here).injected_at is None
    assert not (tmp_path / "marker").exists()


def test_a_report_that_cannot_be_written_closes_it_all_the_same(
    scene: Scene, here: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tasks.drill_report.replace_file", full)
    with pytest.raises(OSError, match="No space"):
        flow.play(begun(scene, here, until=datetime.now(UTC) + timedelta(seconds=1)))
    assert drills.under_way(here.store.database, scene.name) is None
    assert kept(scene, here).problems == ["broke off in `report`"]
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize("gone", [None, {"faults": {"other": {"inject": ["true"], "undo": ["true"]}}}])
def test_one_whose_settings_are_gone_is_closed_and_says_so(
    scene: Scene, here: Installation, gone: dict[str, Any] | None
) -> None:
    left = begun(scene, here, slot="blue", step="inject").drill
    scene.raw = {**scene.raw, "drill": gone}
    cleaned_up(here, scene.document, left)
    assert drills.under_way(here.store.database, scene.name) is None
    assert kept(scene, here).problems[0] == "killed in `inject`"
    assert "has no 'marker' any more" in kept(scene, here).problems[1]


def test_a_command_gets_what_the_settings_name_and_no_secret_of_ours(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_SECRET", "s3cret-of-ours")
    scene = stage.scene(tmp_path, drill=section(tmp_path, env={"TOKEN": "t0ken-of-theirs"}))
    shown = [sys.executable, "-c", "import os; print(sorted(os.environ), os.environ['TOKEN'])"]
    with scene.installation() as here:
        case = begun(scene, here)
        said = case.run(shown)
        assert "'PATH'" in said
        assert "'TOKEN'" in said
        assert "OUR_SECRET" not in said
        assert "t0ken-of-theirs" not in said, "what it prints of a secret is not kept"
        with pytest.raises(CommandFailed, match=r"ended with 3: \*\*\*"):
            case.run([sys.executable, "-c", "import os; print(os.environ['TOKEN']); raise SystemExit(3)"])


def test_a_child_that_keeps_the_output_open_does_not_keep_the_drill(
    scene: Scene, here: Installation, tmp_path: Path
) -> None:
    done = tmp_path / "done"
    child = f"import pathlib, time; time.sleep(1); pathlib.Path({str(done)!r}).touch()"
    parent = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}]); print('injected')"
    assert begun(scene, here).run([sys.executable, "-c", parent]).strip() == "injected"
