"""What a deploy is reported as: not as a rollback."""

import pytest

from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.plan import Decision
from domain.policy import Layout
from domain.presets import PRESETS
from domain.report.facts import gather
from domain.report.render import LAYOUTS, render
from domain.request import Kind
from tests.domain.report import story

STEP = "at 10 %: ok: 0 of 40 requests (0.0 %) failed"


def deployed(outcome: Outcome) -> tuple[Incident, list[Entry]]:
    asked = story.request(
        kind=Kind.DEPLOY,
        runbook="deploy",
        to="2.1",
        reason="new checkout",
        detection=[],
        by="jane",
        via="cli",
    )
    decided = story.plan(
        decision=Decision.DEPLOY,
        from_release="2.0",
        to_release="2.1",
        acts=["install", "shift traffic", "verify"],
    )
    steps = [
        *story.opening(asked, decided, 2.3, 2.9),
        *story.act("install", 3.0, 5.0),
        (6.0, Happened.SWITCHED, {"receipt": story.receipt()}),
        (7.0, Happened.JUDGED, {"share": 10, "verdict": "ok", "said": STEP.partition("ok: ")[2]}),
        (9.0, Happened.CLOSED, {"outcome": outcome}),
    ]
    return story.incident(asked, decided, outcome, 2.3, closed_at=story.at(9.0)), story.entries(steps)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_deploy_that_went_well_asks_nobody_for_a_root_cause(layout: Layout) -> None:
    text = render(gather(*deployed(Outcome.DEPLOYED), PRESETS["flappyjournal"]), layout)
    assert text.startswith("# Deployment Report")
    for said in ("- **Release**: 2.1 in blue", "- **Release before**: 2.0 in green", "new checkout", STEP):
        assert said in text
    for other in ("Rollback ", "rollback asked", "detection", "OPEN", "Root Cause", "Checklist"):
        assert other not in text


def test_one_that_went_back_is_to_be_explained() -> None:
    text = render(gather(*deployed(Outcome.WENT_BACK), PRESETS["flappyjournal"]), "flappyjournal")
    assert "## Root Cause" in text
    assert '**OPEN** (`--set root_cause="..."`)' in text
