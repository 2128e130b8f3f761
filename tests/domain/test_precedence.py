import pytest

from domain.precedence import Claim, Meeting, Phase, meet
from domain.request import Kind

TABLE = [
    (Kind.EMERGENCY, Kind.ROLLBACK, Phase.WAITING, Meeting.PREEMPT),
    (Kind.EMERGENCY, Kind.ROLLBACK, Phase.SOAKING, Meeting.PREEMPT),
    (Kind.EMERGENCY, Kind.ROLLBACK, Phase.ACTING, Meeting.JOIN),
    (Kind.EMERGENCY, Kind.EMERGENCY, Phase.ACTING, Meeting.JOIN),
    (Kind.EMERGENCY, Kind.EMERGENCY, Phase.SOAKING, Meeting.PREEMPT),
    (Kind.EMERGENCY, Kind.DEPLOY, Phase.ACTING, Meeting.PREEMPT),
    (Kind.ROLLBACK, Kind.ROLLBACK, Phase.WAITING, Meeting.JOIN),
    (Kind.ROLLBACK, Kind.ROLLBACK, Phase.ACTING, Meeting.JOIN),
    (Kind.ROLLBACK, Kind.ROLLBACK, Phase.SOAKING, Meeting.PREEMPT),
    (Kind.ROLLBACK, Kind.EMERGENCY, Phase.ACTING, Meeting.JOIN),
    (Kind.ROLLBACK, Kind.EMERGENCY, Phase.SOAKING, Meeting.PREEMPT),
    (Kind.ROLLBACK, Kind.DEPLOY, Phase.ACTING, Meeting.PREEMPT),
    (Kind.ROLLBACK, Kind.DEPLOY, Phase.WAITING, Meeting.PREEMPT),
]


@pytest.mark.parametrize(("newcomer", "holder", "phase", "expected"), TABLE)
def test_who_goes_first(newcomer: Kind, holder: Kind, phase: Phase, expected: Meeting) -> None:
    assert meet(Claim(newcomer), Claim(holder), phase) is expected


@pytest.mark.parametrize(
    ("newcomer", "holder", "phase", "expected"),
    [
        (Claim(Kind.ROLLBACK, urgent=True), Claim(Kind.ROLLBACK), Phase.WAITING, Meeting.PREEMPT),
        (Claim(Kind.ROLLBACK, urgent=True), Claim(Kind.ROLLBACK), Phase.ACTING, Meeting.JOIN),
        (Claim(Kind.ROLLBACK, urgent=True), Claim(Kind.ROLLBACK, urgent=True), Phase.WAITING, Meeting.JOIN),
        (Claim(Kind.ROLLBACK, urgent=True), Claim(Kind.EMERGENCY), Phase.WAITING, Meeting.JOIN),
        (Claim(Kind.EMERGENCY), Claim(Kind.ROLLBACK, urgent=True), Phase.WAITING, Meeting.PREEMPT),
    ],
)
def test_what_is_urgent_does_not_wait_behind_what_is_not(
    newcomer: Claim, holder: Claim, phase: Phase, expected: Meeting
) -> None:
    assert meet(newcomer, holder, phase) is expected


@pytest.mark.parametrize("holder", Kind)
@pytest.mark.parametrize("phase", Phase)
def test_a_deployment_never_preempts(holder: Kind, phase: Phase) -> None:
    assert meet(Claim(Kind.DEPLOY), Claim(holder), phase) is Meeting.REFUSE


@pytest.mark.parametrize("newcomer", [Kind.EMERGENCY, Kind.ROLLBACK])
@pytest.mark.parametrize("holder", [Kind.EMERGENCY, Kind.ROLLBACK])
def test_a_rollback_that_acts_is_never_stopped_in_the_middle(newcomer: Kind, holder: Kind) -> None:
    assert meet(Claim(newcomer), Claim(holder), Phase.ACTING) is Meeting.JOIN
