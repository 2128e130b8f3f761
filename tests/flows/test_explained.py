"""What real runs journal is enough to decide again: the same plan, the same looks, the same end."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.findings import Finding, Verdict
from domain.journal import Entry
from domain.outcomes import Outcome
from domain.replay.replay import Replay, replay
from domain.request import API_CHANGE, PERFORMANCE, RESTART, Kind
from domain.triggers import Baselines, Trigger, window_of
from domain.triggers.statistic import Statistic
from flows.api_breaking_change import take_back_if_compatible
from flows.cancelled import stop_here
from flows.conclude import conclude
from flows.path import restart_in_place, take_back, take_back_now
from flows.performance_degradation import take_back_if_faster
from flows.post_deploy_issue import take_back_after_deploy
from flows.third_party_failure import turn_off_then_take_back
from tasks.assess import make_plan
from tasks.survey import survey
from tests.flows.flagged import flagged
from tests.flows.stage import Scene, Stage

pytestmark = pytest.mark.usefixtures("impatient")

PARTNER: dict[str, Any] = {"kind": "http", "name": "partner", "path": "/partner", "expect": {"status": 200}}
WIDGET: dict[str, Any] = {"kind": "http", "name": "widget", "path": "/widget", "expect": {"status": 200}}


def explained(scene: Scene, change: Callable[[Entry], Entry] = lambda entry: entry) -> Replay:
    incident = scene.incident()
    with scene.installation() as here:
        entries = [change(entry) for entry in here.store.entries(incident.id)]
        return replay(incident, entries, here.approvals_key, here.store.problems(incident.id))


def ok(found: Replay) -> bool:
    assert found.same, [step for step in found.steps if step.same is not True]
    return {step.same for step in found.steps} == {True}


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        (take_back, {}),
        (take_back_now, {"runbook": "emergency", "kind": Kind.EMERGENCY, "issue": "service-outage"}),
        (take_back_after_deploy, {"runbook": "post-deploy-issue", "issue": "post-deploy-issue"}),
        (take_back_if_faster, {"runbook": PERFORMANCE, "issue": PERFORMANCE}),
        (take_back_if_compatible, {"runbook": API_CHANGE, "issue": API_CHANGE}),
        (restart_in_place, {"runbook": RESTART}),
    ],
)
def test_each_runbooks_record_is_enough(
    stage: Stage, tmp_path: Path, path: Callable[..., Any], asked: dict[str, Any]
) -> None:
    scene = stage.scene(tmp_path, checks=[WIDGET])
    (stage.folder / "blue.incompatible").touch()
    scene.walk(path, **asked)
    found = explained(scene)
    assert ok(found)
    assert found.decided_by


def test_a_target_that_did_not_verify(spoiled: Scene) -> None:
    assert spoiled.walk(take_back) is Outcome.WENT_BACK
    found = explained(spoiled)
    assert ok(found)
    assert [step.recorded for step in found.steps if step.name == "green as users have it"] == [
        "did not verify"
    ]


def test_a_flag_that_helped(stage: Stage, tmp_path: Path) -> None:
    scene = flagged(stage, tmp_path, checks=[PARTNER])
    assert scene.walk(turn_off_then_take_back) is Outcome.TURNED_OFF
    found = explained(scene)
    assert ok(found)
    assert found.steps[-1].recorded == "helped"


def sampled(sign: float, number: int) -> Finding:
    """Health as the watch sees it: how long it took, and that it was bad where it took long."""
    bad = sign > 1
    return Finding(
        name="health", on="router", verdict=Verdict.BAD if bad else Verdict.OK, said=f"{number}", symptom="slow" if bad else "",
        value=sign, unit="s",
    )  # fmt: skip


@pytest.mark.parametrize(
    "rule",
    [
        Trigger(failures=3),
        Trigger(rise=50, for_s=10, of=Statistic.MEAN, unit="s"),
        Trigger(above=2, for_s=10, unit="s"),
    ],
)
def test_a_trigger_with_its_samples(scene: Scene, rule: Trigger) -> None:
    """Kept in the store as the watch does, read by the run, decided again from the journal: also across a restart of `serve`."""
    (scene.stage.folder / "blue.unhealthy").touch()
    baselines = Baselines()
    samples: list[Finding] = []
    before = window_of(rule, {"health": 5.0}, baselines)
    for number in range(5):
        before.add(sampled(1.0, number), number * 5.0, "1.0")
    with scene.installation() as here:
        window = window_of(rule, {"health": 5.0}, Baselines(baselines.take_changed()))
        for number in range(5):
            # The watch's clock goes on over a restart, whose minutes the samples' own times show.
            samples = samples or window.add(sampled(3.0, number), 1000.0 + number * 5.0, "2.0")
        kept = here.store.detection(here.store.detect(scene.name, samples, window.basis()))
    asked: dict[str, Any] = {"via": "automation", "detection": kept.findings, "basis": kept.basis}
    assert scene.walk(take_back, **asked) is Outcome.ROLLED_BACK
    found = explained(scene)
    assert ok(found)
    assert found.steps[0].name == "detection"
    assert rule.words in found.steps[0].rests_on


def test_a_sample_that_was_changed_leads_elsewhere(scene: Scene) -> None:
    scene.walk(take_back)

    def unhealthy(entry: Entry) -> Entry:
        """As if the target had been unhealthy when it was chosen."""
        if entry.kind != "planned":
            return entry
        situation = entry.data["situation"]
        rows = [
            {**row, "verdict": "bad", "symptom": "refused"}
            for row in situation["survey"]["findings"]["green"]
        ]
        survey = {**situation["survey"], "findings": {**situation["survey"]["findings"], "green": rows}}
        return entry.model_copy(update={"data": {**entry.data, "situation": {**situation, "survey": survey}}})

    found = explained(scene, unhealthy)
    assert not found.same
    assert "hold" in next(step.replayed for step in found.steps if step.name == "plan")


def test_a_target_that_is_not_healthy_is_explained_too(scene: Scene) -> None:
    (scene.stage.folder / "green.unhealthy").touch()
    assert scene.walk(take_back) is Outcome.HELD
    assert ok(explained(scene))


@pytest.mark.parametrize("planned", [False, True])
def test_a_cancelled_run_says_who_asked_and_what_ended_it(scene: Scene, planned: bool) -> None:
    with scene.installation() as here:
        case = scene.case(here)
        if planned:
            make_plan(case, survey(case))
        conclude(case, stop_here)
    found = explained(scene)
    assert (found.same, found.planned, found.outcome) == (True, planned, Outcome.REJECTED)
    assert found.started_by == "rollback, asked for by ann (cli): checkout is broken"
    assert found.ended_because == "cancelled in Prefect's UI; nothing was changed"
