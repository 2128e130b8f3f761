"""How a drill is judged: what it must keep, beside the drills before, and where the time went."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.drill import Drill, Figures, Item, Objectives, is_production, judged
from domain.drill_report import markdown, trend
from domain.outcomes import Outcome
from domain.request import Request

AT = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)


def took(
    detect: float = 2.0, decide: float = 1.0, switch: float = 0.5, verify: float = 1.5, **more: float
) -> Figures:
    total = detect + decide + switch + verify
    return Figures.model_validate(
        {
            "detect_s": detect,
            "decide_s": decide,
            "switch_s": switch,
            "verify_s": verify,
            "total_s": total,
            **more,
        }
    )


def drill(figures: Figures, days: int = 0, **more: object) -> Drill:
    at = AT + timedelta(days=days)
    given = {
        "id": f"drill-{days}", "application": "shop/staging", "run": f"run-{days}", "fault": "errors", "by": "ana",
        "started_at": at, "until": at, "ended_at": at, "outcome": Outcome.ROLLED_BACK, "figures": figures, **more,
    }  # fmt: skip
    return Drill.model_validate(given)


@pytest.mark.parametrize(
    ("figures", "objectives", "earlier", "said"),
    [
        (took(), Objectives(), [], None),
        (took(rto_s=60.0), Objectives(), [took(), took()], None),
        (took(detect=9.0), Objectives(detect_s=5), [], "detect took 9.0 s, its objective is 5 s"),
        (took(verify=70.0, rto_s=60.0), Objectives(), [], "most of it in verify (70.0 s)"),
        (took(decide=40.0), Objectives(total_s=30), [], "30 s may be: most of it in decide"),
        (
            took(switch=30.0),
            Objectives(),
            [took()] * 3,
            "most of the difference in switch (30.0 s, 0.5 s before)",
        ),
        (took(detect=4.0), Objectives(slower=1.1), [took()] * 3, None),
        (took(decide=61.0, waited_s=60.0), Objectives(), [took()] * 3, None),
        (
            took(decide=61.0),
            Objectives(),
            [took(decide=61.0, waited_s=60.0)] * 3,
            "decide (61.0 s, 1.0 s before)",
        ),
        (took(lost=3), Objectives(lost=2), [], "3 requests were lost, 2 may be"),
        (Figures(detect_s=1.0), Objectives(), [], "did not come to the end of decide"),
        (Figures(), Objectives(), [], "did not come to the end of detect"),
    ],
)
def test_a_missed_objective_or_a_regression_names_the_phase(
    figures: Figures, objectives: Objectives, earlier: list[Figures], said: str | None
) -> None:
    problems = judged(figures, objectives, earlier)
    assert [(said or "") in problem for problem in problems] == ([True] if said else []), problems


def test_only_the_newest_drills_before_are_what_is_usual() -> None:
    slow, quick = took(detect=60.0), took()
    assert judged(slow, Objectives(), [quick] * 5 + [slow] * 9) != []
    assert judged(slow, Objectives(), [slow] * 5 + [quick] * 9) == []


def test_one_that_was_killed_or_ended_otherwise_has_not_passed() -> None:
    assert drill(took()).passed
    assert not drill(took(), ended_at=None).passed
    assert not drill(took(), outcome=Outcome.WONT_HELP).passed
    assert not drill(took(), problems=["killed in `inject`"]).passed


def test_one_whose_fault_both_releases_suffer_from_passes_where_no_rollback_was_tried() -> None:
    unmoved = Figures(detect_s=2.0, decide_s=1.0)
    shared = drill(unmoved, ends=Outcome.WONT_HELP, outcome=Outcome.WONT_HELP)
    assert shared.passed
    assert not drill(took(), ends=Outcome.WONT_HELP).passed
    assert judged(unmoved, Objectives(), [], shared.phases) == []
    assert judged(Figures(detect_s=2.0), Objectives(), [], shared.phases) != []


def test_the_report_says_where_the_time_went_who_drilled_before_and_what_is_open() -> None:
    items = [
        Item(name="Health checks are reliable", done=True, said="ok"),
        Item(name="Backups", done=None, said="<b>"),
    ]
    late = drill(
        took(detect=40.0, rto_s=30.0, waited_s=0.5),
        30,
        problems=["too late"],
        checklist=items,
        reason="*monthly*",
    )
    text = markdown(late, [drill(took(), 0, by="")])
    assert "# Drill drill-30: failed" in text
    assert "- **too late**" in text
    assert "Most of the time went into detect. People took 0.5 s of it to answer." in text
    assert "`[-]`: not seen" in text
    assert "- [x] Health checks are reliable" in text
    assert "- [-] Backups: &lt;b&gt;" in text
    assert "| 2026-11-02 10:00 | errors | passed | 5.0 s | the schedule |" in text
    assert "\\*monthly\\*" in text
    assert "first drill" in markdown(late, [])
    alone = markdown(drill(took(), checklist=items[:1]), [])
    assert "by ana\n" in alone
    assert ("People" in alone, "not seen" in alone) == (False, False)


def test_the_trend_is_the_same_for_the_same_drills_and_draws_those_without_an_end() -> None:
    drills = [drill(took(), 0), drill(Figures(), 30, problems=["killed"]), drill(took(switch=9), 60)]
    picture = trend(drills)
    assert picture == trend(drills)
    assert b"<svg" in picture
    assert trend(drills, "png").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "name",
    ["shop/production", "shop/prod", "shop/live", "shop/production-eu", "shop/eu-prd", "shop/pre-prod"],
)
def test_what_is_called_production_is_unless_the_setting_says_otherwise(name: str) -> None:
    assert is_production(name)
    assert not is_production(name, said=False)


@pytest.mark.parametrize(
    "name", ["shop/staging", "prod/staging", "shop/delivery", "shop/products", "shop/live2"]
)
def test_what_is_called_otherwise_is_not_unless_the_setting_says_so(name: str) -> None:
    assert not is_production(name)
    assert is_production(name, said=True)


@pytest.mark.parametrize(
    ("changes", "via", "expected"),
    [
        ({}, "automation", True),
        ({}, "cli", False),
        ({}, "break-glass", False),
        ({"slot": None}, "automation", False),
        ({"incident": "another"}, "automation", False),
        ({"until": AT}, "automation", False),
        ({"ended_at": AT}, "automation", False),
    ],
)
def test_only_a_triggers_request_is_the_drills_and_only_while_it_waits(
    changes: dict[str, Any], via: str, expected: bool
) -> None:
    waiting: dict[str, Any] = {
        "ended_at": None,
        "outcome": None,
        "slot": "blue",
        "until": AT + timedelta(hours=1),
        **changes,
    }
    request = Request(application="shop/staging", via=via)
    assert drill(Figures(), **waiting).awaits(request, AT) is expected
