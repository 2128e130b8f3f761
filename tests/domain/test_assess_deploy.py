"""A deploy: its plan holds the way back, and where there is none it holds."""

from typing import Any

import pytest

from domain.assess_database import decide
from domain.plan import Decision, Plan
from domain.policy import AtDeadline, Consent
from domain.release import Slot
from domain.request import DEPLOY, Kind
from domain.rollout import Place, Terms, Upward
from domain.severity import Severity
from tests.domain.test_assess import situation

STEPS = [10, 25, 50, 100]
NEW = "9.0"


def decided(
    *, to: str = NEW, standby: bool = True, survey: dict[str, Any] | None = None, **terms: Any
) -> Plan:
    found = situation(health={"green": "ok"}, runbook=DEPLOY, kind=Kind.DEPLOY, to=to, severity=Severity.LOW)
    offered = Terms(**{"installs": True, "steps": STEPS, **terms})
    seen = found.survey.model_copy(update=survey or {})
    return decide(found.model_copy(update={"deploy": offered, "survey": seen, "standby": standby}))


def test_the_way_back_is_in_the_plan() -> None:
    plan = decided(backup=True, upward=Upward(before="0001", pending=["0002"]))
    assert (plan.decision, plan.stops_with, plan.to_release) == (Decision.DEPLOY, None, NEW)
    assert plan.from_slot not in (None, plan.to_slot)
    assert {
        f"way back: {plan.from_release} in {plan.from_slot}, which stays up",
        "migrations 0002 on schema 0001; up and down again were tried on a clone",
    } <= set(plan.why)
    assert plan.rollout is not None
    assert (plan.rollout.schema_before, plan.rollout.migrations, plan.rollout.steps) == (
        "0001",
        ["0002"],
        STEPS,
    )
    assert plan.acts == [
        "validate", "preserve", "back up before", "migrate up", "install", "prepare", "smoke", "shift traffic", "verify", "watch",
        "report", "soak",
    ]  # fmt: skip


def test_what_is_not_needed_is_no_act() -> None:
    there = decided(survey={"slots": _with_new()}, installs=False)
    assert (there.decision, there.to_slot) == (Decision.DEPLOY, "spare")
    assert there.acts[:4] == ["validate", "preserve", "prepare", "smoke"]


def _with_new() -> list[Slot]:
    known = situation().survey.slots
    return [*known, Slot(name="spare", version=NEW, running=True)]


@pytest.mark.parametrize(
    ("upward", "risk"),
    [
        (Upward(pending=["0002"], no_way_down="0002 has no down step"), "there is no way down again: 0002 has no"),
        (Upward(pending=["0002"], breaks=["column public.users.email is gone"]), "public.users.email is gone"),
    ],
)  # fmt: skip
def test_what_cannot_be_undone_is_asked_about_and_silence_never_approves_it(
    upward: Upward, risk: str
) -> None:
    silent = Consent(people=0, at_deadline=AtDeadline.APPROVE)
    plan = decided(upward=upward, consent=silent)
    assert risk in plan.at_risk[0]
    assert plan.consent is not None
    assert (plan.consent.people, plan.unanswered) == (1, AtDeadline.REJECT)
    assert decided(upward=Upward(pending=["0002"]), consent=silent).consent is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"survey": {"serving": None}}, "no way back: no one slot"),
        ({"survey": {"findings": {}}}, "no way back"),
        (
            {"survey": {"serving": None, "shares": {"blue": 90, "green": 10}}},
            "traffic is shared out: blue 90 %",
        ),
        ({"installs": False}, "set `deploy.install`"),
        ({"standby": False}, "there is no standby"),
        ({"standby": False, "place": Place(why_none="git has no such tag")}, "git has no such tag"),
        (
            {"standby": False, "place": Place(slot=NEW, no_way_back="its image is gone")},
            "there is no way back: its image is gone",
        ),
        (
            {"upward": Upward(pending=["0002"], failed="0002: syntax error")},
            "fail on a clone of the database: 0002",
        ),
    ],
)
def test_it_holds_where_it_is_refused_or_nobody_could_go_back(changes: dict[str, Any], why: str) -> None:
    plan = decided(**changes)
    assert plan.decision is Decision.HOLD
    assert why in plan.why[0]
    assert (plan.acts, plan.rollout, plan.consent) == ([], None, None)


def test_what_serves_is_nothing_to_deploy() -> None:
    serving = situation().survey.slot(situation().survey.serving)
    assert serving is not None
    assert decided(to=str(serving.version)).decision is Decision.NOTHING_TO_DO


def test_in_place_it_is_blind_and_one_person_at_least_is_asked_unless_the_settings_let_it() -> None:
    brings = ["2.0 to 9.0: 3 commits", "commit: abc1234 New checkout"]
    plan = decided(standby=False, place=Place(slot=NEW), installs=False, steps=[100], difference=brings)
    assert (plan.decision, plan.blind, plan.to_slot, plan.to_release) == (Decision.DEPLOY, True, NEW, NEW)
    assert plan.consent is not None
    assert plan.consent.people == 1
    back = f"way back: {plan.from_release} in {plan.from_slot}, which is kept, and put in place again"
    assert {back, brings[0]} < set(plan.why)
    assert plan.brings == brings[1:]
    assert plan.acts == [
        "validate", "preserve", "keep the way back", "prepare", "sample before", "put in place", "verify", "watch", "report", "soak",
    ]  # fmt: skip
    assert decided(standby=False, place=Place(slot=NEW, unasked=True)).consent is None


def test_in_place_a_branch_is_the_release_that_it_leads_to() -> None:
    known = [*situation().survey.slots, Slot(name="0123456789", version="0123456789", also=["main"])]
    plan = decided(to="main", standby=False, place=Place(slot="0123456789"), survey={"slots": known})
    assert (plan.to_release, plan.to_slot) == ("0123456789", "0123456789")
