"""The acts of a run before Prefect begins it: users are served by them, and the run takes up where they stand."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blocks import configuration
from blocks.application import Application
from blocks.installation import Installation
from blocks.store import ahead, alerts, configurations
from blocks.store.configurations import Applied
from domain.errors import BackoutError, Drift
from domain.findings import Finding, Verdict
from domain.outcomes import Outcome
from domain.reaction import Result
from flows import runbook
from flows.path import take_back
from flows.rollback import rollback
from flows.this_run import ThisRun, ahead_of, goes_ahead
from tasks.ended import Ended, Interrupted
from tests.deployments.alerting import received
from tests.flows.stage import ONLY_BLUE_PASSES, Scene, Stage
from tests.forked import exit_code

ISSUE = "service-outage"
ASKS: dict[str, Any] = {
    "preset": "default", "rules": {"critical": {"consent": {"people": 1}}}
}  # fmt: skip


@pytest.fixture
def here(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    with scene.installation() as here:
        monkeypatch.setattr(runbook, "installation", scene.installation)
        yield here


@pytest.fixture
def scene(stage: Stage, tmp_path: Path) -> Scene:
    return stage.scene(tmp_path)


def applied(scene: Scene, here: Installation, **changes: Any) -> Application:
    scene.raw |= changes
    raw, digest = scene.raw, configuration.digest(scene.raw)
    configurations.keep(here.store.database, Applied(scene.name, raw, digest, "a test"), "ann")
    return Application(name=scene.name, source="a test", digest=digest, document=raw)


def detected(scene: Scene, here: Installation) -> str:
    """An alert that is to start a run."""
    found = Finding(name="alert", on="users", verdict=Verdict.BAD, said="503")
    detection = here.store.detect(scene.name, [found], None)
    with here.store.database.transaction() as connection:
        row = received(scene.name).model_copy(update={"issue": ISSUE})
        alerts.keep(connection, row, Result.STARTED, detection, None)
    return detection


def gone_ahead(
    scene: Scene, here: Installation, application: Application, detection: str | None = None
) -> None:
    detection = detection or detected(scene, here)
    with ahead_of(detection):
        rollback.fn(application=application, issue=ISSUE, detection=detection, asked_by="a", via="automation")


def taken_up(scene: Scene) -> Outcome | None:
    """As the run does that Prefect makes of what was detected, whenever it begins."""
    with scene.installation() as here:
        [(_, detection)] = started(here, scene)
        assert here.store.alert_read(detection, f"{scene.name} first") == f"{scene.name} first"
    return scene.walk(take_back, via="automation", issue=ISSUE, severity=None)


def started(here: Installation, scene: Scene) -> list[tuple[str, str]]:
    """Who began incidents of the application, and what was detected."""
    with here.store.database.transaction() as connection:
        rows = connection.execute(
            "SELECT run, incident FROM runs JOIN incidents ON incidents.id = incident WHERE application = %s",
            [scene.name],
        )
        return [(row["incident"], row["run"].removeprefix(ahead.PREFIX)) for row in rows]


def test_users_are_served_and_the_run_ends_it(scene: Scene, here: Installation) -> None:
    gone_ahead(scene, here, applied(scene, here))
    assert scene.stage.serving() == "green"
    assert len(scene.data("verified")) == 1
    assert scene.incident().outcome is None, "how it ended is the run's to say"
    holder = here.store.holder(scene.name)
    assert holder is not None
    assert not holder.alive, "the run need not wait for the lease"
    assert not goes_ahead()
    assert taken_up(scene) is Outcome.ROLLED_BACK
    assert len(scene.data("switched")) == len(scene.data("planned")) == 1


def test_where_people_are_to_be_asked_nothing_is_changed(scene: Scene, here: Installation) -> None:
    application = applied(scene, here, policy=ASKS)
    with pytest.raises(Interrupted, match="consent"):
        gone_ahead(scene, here, application)
    assert scene.stage.serving() == "blue"
    assert scene.incident().outcome is None
    assert here.store.approvals(scene.incident().id) == []


def test_what_users_cannot_use_is_given_up_by_the_run(scene: Scene, here: Installation) -> None:
    application = applied(scene, here, checks=ONLY_BLUE_PASSES)
    with pytest.raises((BackoutError, Ended)):
        gone_ahead(scene, here, application)
    assert taken_up(scene) is Outcome.WENT_BACK
    assert scene.stage.serving() == "blue"
    assert len(scene.data("switched")) == 1


def test_a_document_that_was_changed_beside_its_file_is_refused(scene: Scene, here: Installation) -> None:
    application = applied(scene, here)
    application.document = {**application.document, "description": "changed in the UI"}
    with pytest.raises(Drift):
        gone_ahead(scene, here, application)
    assert scene.stage.serving() == "blue"


def test_nothing_goes_ahead_where_somebody_works_on_the_application(scene: Scene, here: Installation) -> None:
    application = applied(scene, here)
    case = scene.case(here)
    gone_ahead(scene, here, application)
    assert [incident.id for incident in here.store.incidents(scene.name)] == [case.incident.id]
    assert scene.stage.serving() == "blue"


def test_the_run_waits_for_acts_that_are_under_way_and_takes_them_up(
    scene: Scene, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second process that acts beside them would be stopped by the lock, in the middle."""
    detection, naps = detected(scene, here), []
    begun = here.store.begin(scene.request(), ahead.run_of(detection))
    assert begun.hold is not None
    assert not here.store.goes_ahead("of another one")

    def nap(seconds: float) -> None:
        naps.append(seconds)
        here.store.lay_down(begun.hold)  # type: ignore[arg-type]  # it was looked at above

    monkeypatch.setattr("flows.runbook.time.sleep", nap)
    monkeypatch.setattr(runbook, "this_run", lambda: ThisRun(f"{scene.name} run", None, detection))
    assert runbook._other_run(here) is None
    assert len(naps) == 1
    assert here.store.runs_of(begun.incident.id) == [f"{scene.name} run"]


def test_what_has_moved_on_is_not_laid_down(scene: Scene, here: Installation) -> None:
    detection = detected(scene, here)
    begun = here.store.begin(scene.request(), ahead.run_of(detection))
    assert begun.hold is not None
    here.store.alert_read(detection, f"{scene.name} run")
    here.store.begin(scene.request(), f"{scene.name} run")
    lease = lock_of(here, scene)
    here.store.lay_down(begun.hold)
    assert lock_of(here, scene) == lease


def lock_of(here: Installation, scene: Scene) -> dict[str, Any] | None:
    with here.store.database.transaction() as connection:
        return connection.execute("SELECT * FROM locks WHERE application = %s", [scene.name]).fetchone()


def test_what_is_over_by_now_does_not_go_ahead(scene: Scene, here: Installation) -> None:
    application, detection = applied(scene, here), detected(scene, here)
    with here.store.database.transaction() as connection:
        alerts.keep(connection, received(scene.name), Result.NOTED, None, None)
    gone_ahead(scene, here, application, detection)
    assert scene.stage.serving() == "blue"
    assert here.store.incidents(scene.name) == []


def test_of_two_runs_of_one_alert_the_second_does_nothing(scene: Scene, here: Installation) -> None:
    application, detection = applied(scene, here), detected(scene, here)
    assert here.store.alert_read(detection, "the first run") == "the first run"
    gone_ahead(scene, here, application, detection)
    assert scene.stage.serving() == "blue"
    assert here.store.incidents(scene.name) == []


@pytest.mark.parametrize("act", ["survey", "prepare", "switch", "verify"])
def test_killed_on_the_way_the_run_does_what_is_left(scene: Scene, here: Installation, act: str) -> None:
    application = applied(scene, here)

    def killed() -> None:
        with scene.installation() as own, pytest.MonkeyPatch.context() as patch:
            note = type(own.store).append

            def append(store: Any, incident: str, kind: str, data: dict[str, Any]) -> Any:
                if kind == "act done" and data["act"] == act:
                    os.kill(os.getpid(), signal.SIGKILL)
                return note(store, incident, kind, data)

            patch.setattr(type(own.store), "append", append)
            gone_ahead(scene, own, application)

    assert exit_code(killed) == -signal.SIGKILL
    assert taken_up(scene) is Outcome.ROLLED_BACK
    assert scene.stage.serving() == "green"
    assert len(scene.data("switched")) == 1
