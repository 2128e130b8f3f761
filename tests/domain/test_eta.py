from datetime import UTC, datetime

from domain.drill import Drill, Figures
from domain.eta import expected
from domain.outcomes import Outcome

AT = datetime(2026, 11, 2, 10, tzinfo=UTC)


def drill(number: int, switch_s: float | None, outcome: Outcome = Outcome.ROLLED_BACK) -> Drill:
    """Ten minutes of it people were asked."""
    figures = Figures(decide_s=600, switch_s=switch_s, verify_s=1)
    application = "shop/staging" if number % 2 else "shop/qa"
    return Drill(
        id=f"d{number}",
        application=application,
        run="r",
        fault="errors",
        until=AT,
        outcome=outcome,
        figures=figures,
    )


def test_rollbacks_of_its_own_count_before_drills_elsewhere() -> None:
    found = expected([3, 1, 2], [drill(1, 9)])
    assert found is not None
    assert (found.seconds, found.runs, found.of) == (2, 3, "rollbacks")


def test_where_there_was_none_drills_say_it_without_the_time_of_people() -> None:
    found = expected([], [drill(1, 4), drill(2, 6), drill(3, 2)])
    assert found is not None
    assert (found.seconds, found.runs, found.of) == (5, 3, "drills of shop/qa, shop/staging")


def test_a_drill_that_did_not_go_back_says_nothing() -> None:
    assert expected([], [drill(1, None), drill(2, 1, Outcome.STUCK)]) is None
    found = expected([], [drill(1, 4), drill(2, None)])
    assert found is not None
    assert found.of == "drills of shop/staging"
