"""What started a run: a fired trigger and an alert are decided again from the record alone, after any restart."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.basis import Detection, OfAlert, OfSoak
from domain.findings import Finding, Verdict
from domain.presets import PRESETS
from domain.replay.detecting import detected, started_by
from domain.request import Request
from domain.situation import Situation
from domain.triggers import Baselines, Trigger, window_of
from tests.domain.test_assess import APPLICATION, NOON, situation

PAUSES = {"health": 5.0, "latency": 5.0}
RULES: list[dict[str, Any]] = [
    {"failures": 2},
    {"signal": "latency", "above": 2, "for_s": 12, "of": "mean", "issue": "x"},
    {"signal": "latency", "rise": 50, "of": "mean", "for_s": 12, "issue": "x"},
    {"name": "both", "issue": "x", "all": [{"failures": 2}, {"signal": "latency", "above": 2, "for_s": 8}]},
    {"name": "one", "issue": "x", "any": [{"failures": 3}, {"signal": "latency", "rise": 50, "for_s": 8}]},
]
Taken = tuple[str, str, float, str]
"""Signal, sign, seconds since the one before on the watch's clock, release."""

takes = st.lists(
    st.tuples(
        st.sampled_from(["health", "latency", "latency"]),
        st.sampled_from("obb?"),
        st.sampled_from([1.0, 4.0, 5.0, 9.0, 14.0]),
        st.sampled_from(["1.0", "1.0", "2.0", ""]),
    ),
    max_size=40,
)


def finding(signal: str, sign: str, second: float) -> Finding:
    verdict = {"b": Verdict.BAD, "?": Verdict.NO_DATA}.get(sign, Verdict.OK)
    value = {"o": 1.0, "b": 3.0}.get(sign) if signal == "latency" else None
    at = NOON + timedelta(seconds=second)
    return Finding(name=signal, on="router", verdict=verdict, said=sign, value=value, unit="s", at=at)


def fired(rule: dict[str, Any], steps: list[Taken], wall: float = 1.0) -> list[Detection]:
    """What is recorded at each firing, as the store gives it back. `wall`: its seconds for one of the watch's clock."""
    window = window_of(Trigger.model_validate(rule), PAUSES, Baselines())
    clock, found = 0.0, []
    for signal, sign, pause, release in steps:
        clock += pause
        if samples := window.add(finding(signal, sign, clock * wall), clock, release):
            found.append(Detection(findings=samples, basis=window.basis()))
            window.fired(clock)
    return [Detection.model_validate_json(one.model_dump_json()) for one in found]


def asked(kept: Detection, **more: Any) -> Situation:
    given = situation(via="automation", detection=kept.findings, **more)
    return given.model_copy(update={"request": given.request.model_copy(update={"basis": kept.basis})})


@given(st.sampled_from(RULES), takes, st.sampled_from([1.0, 0.0, 40.0]))
def test_whatever_fires_fires_again_from_the_record(
    rule: dict[str, Any], steps: list[Taken], wall: float
) -> None:
    """Also where the wall's clock stood, or ran ahead: a restart, a suspended host, a corrected clock."""
    for kept in fired(rule, steps, wall):
        [step] = detected(asked(kept))
        assert (step.same, step.recorded) == (True, "fires"), step


SLOWER = [("latency", "o", 5.0, "1.0")] * 5 + [("latency", "b", 5.0, "2.0")] * 5


def test_a_rise_is_decided_again_with_the_release_before_it() -> None:
    [kept] = fired(RULES[2], SLOWER)
    [step] = detected(asked(kept))
    assert step.same
    assert "1 with 1.0 before" in step.rests_on
    assert started_by(asked(kept).request) == "rollback, asked for by the watch, trigger latency"


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"baselines": []}, False),  # nothing to compare with: it would not have fired
        ({"clocks": [0.0]}, None),
        ({"releases": ["2.0"]}, None),
        ({"clocks": [0.0, 100.0, 200.0, 300.0]}, False),
    ],
)
def test_a_record_that_was_changed_does_not_fire(change: dict[str, Any], same: bool | None) -> None:
    [kept] = fired(RULES[2], SLOWER)
    assert kept.basis
    other = kept.model_copy(update={"basis": kept.basis.model_copy(update=change)})
    [step] = detected(asked(other))
    assert step.same is same


def test_an_older_record_of_a_measured_rule_says_what_it_lacks() -> None:
    [kept] = fired(RULES[1], [("latency", "b", 5.0, "1.0")] * 5, wall=40.0)
    given = asked(Detection(findings=kept.findings)).model_copy(
        update={"triggers": [Trigger.model_validate(RULES[1])], "pauses": PAUSES}
    )
    [step] = detected(given)
    assert step.same is None
    assert "clock" in step.why


def test_what_an_older_version_kept_is_read() -> None:
    kept = [finding("health", "b", 1.0)]
    read = Detection.model_validate([one.model_dump(mode="json") for one in kept])
    assert read == Detection(findings=kept, basis=None)


ALERT = OfAlert(
    issue="service-outage", urgent=True, incident=False, gives_way=False, seconds=None, today=0, cool_down_s=600, per_day=3
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "replayed"),
    [
        ({}, "starts a run"),
        ({"incident": True, "gives_way": True}, "starts a run"),
        ({"incident": True}, "grouped"),
        ({"seconds": 60.0}, "cooling"),
        ({"today": 3}, "capped"),
        ({"issue": "cosmetic"}, "noted"),
    ],
)
def test_that_an_alert_starts_a_run_is_decided_again(change: dict[str, Any], replayed: str) -> None:
    seen = [Finding(name="Down", on="alertmanager", verdict=Verdict.BAD, said="no answer")]
    given = asked(Detection(findings=seen, basis=ALERT.model_copy(update=change)), policy=PRESETS["default"])
    [step] = detected(given)
    assert (step.recorded, step.replayed) == ("starts a run", replayed)
    assert step.rests_on.startswith("alertmanager says Down; ")


@pytest.mark.parametrize(
    ("looks", "certain", "replayed"),
    [(3, False, "starts a run"), (1, True, "starts a run"), (2, False, "2 of 3 looks")],
)
def test_that_the_watch_after_a_deploy_took_it_back_is_decided_again(
    looks: int, certain: bool, replayed: str
) -> None:
    basis = OfSoak(incident="a deploy", looks=looks, needed=3, certain=certain, said="health: 503")
    kept = Detection(findings=[finding("health", "b", 1.0)], basis=basis)
    given = asked(Detection.model_validate_json(kept.model_dump_json()))
    [step] = detected(given)
    assert (step.recorded, step.replayed) == ("starts a run", replayed)
    assert started_by(given.request).startswith("rollback, asked for by the watch after deploy a deploy")


@pytest.mark.parametrize(
    ("request_of", "said"),
    [
        ({"by": "ann@host", "reason": "slow"}, "rollback, asked for by ann@host (cli): slow"),
        ({"by": "", "via": "ui"}, "rollback, asked for by somebody who gave no name (ui)"),
    ],
)
def test_a_persons_request_needs_no_detection(request_of: dict[str, Any], said: str) -> None:
    request = Request(application=APPLICATION, **request_of)
    assert started_by(request) == said
    assert detected(situation(**request_of)) == []
