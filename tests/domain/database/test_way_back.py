from datetime import UTC, datetime
from typing import Any

import pytest

from domain.assess_database import decide
from domain.consent import Answer, Approval, Ruling, ruling
from domain.database.backup import Backup, Manifest
from domain.database.migration import SchemaStatus
from domain.database.plan import Action, Order
from domain.database.rehearsal import Rehearsal, RowsAtRisk
from domain.database.study import Beside, Study
from domain.database.way_back import fitting, with_the_code
from domain.database.wish import Condition, DataState, Wish
from domain.plan import Decision, Plan
from domain.situation import Situation
from tests.domain.test_assess import situation

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = b"key"
BROKEN = Wish(condition=Condition.SERVICE_FAILURE)
LOSSY = [RowsAtRisk(table="public.users", what="column phone", rows=12)]


def rehearsal(**over: Any) -> Rehearsal:
    values: dict[str, Any] = {
        "database": "shop", "from_version": "3", "to_version": "2", "steps": ["3"], "compared": True, "at": NOON,
        "statements": ["ALTER TABLE users DROP COLUMN phone"],
    }  # fmt: skip
    return Rehearsal(**(values | over))


def backup(name: str = "shop-1", schema: str | None = "2", *, sound: bool = True) -> Backup:
    manifest = Manifest(
        name=name, application="shop/production", database="shop", label="manual", server_version="18.1",
        dumped_with="18.1", schema_version=schema, snapshot_at=NOON, started=NOON, ended=NOON,
    )  # fmt: skip
    problems = [] if sound else ["toc.dat is missing"]
    return Backup(name=name, path=f"/b/{name}", taken_at=NOON, bytes=1, manifest=manifest, problems=problems)


def study(**over: Any) -> Study:
    values: dict[str, Any] = {
        "database": "shop/production", "status": SchemaStatus(applied=["1", "2", "3"]), "wanted": "2",
        "target_fits": False,
    }  # fmt: skip
    return Study(**(values | over))


BESIDE = Beside(
    backup="shop-1", database="shop__restore_1", verified=True, rows={"public.users": 90}, missing=LOSSY
)


@pytest.mark.parametrize(
    ("seen", "action"),
    [
        ({"target_fits": True}, Action.NONE),
        ({"wanted": "3"}, Action.NONE),
        ({"rehearsal": rehearsal()}, Action.DOWN),
        ({"rehearsal": rehearsal(), "beside": BESIDE}, Action.DOWN),
        ({"rehearsal": rehearsal(failed="no table t"), "beside": BESIDE}, Action.RESTORE),
        ({"rehearsal": rehearsal(differences=["column public.users.phone is missing"])}, Action.HOLD),
        ({"no_way_down": "migration 3 has no down step"}, Action.HOLD),
        ({"target_fits": True, "status": SchemaStatus(applied=["1"], dirty="2")}, Action.HOLD),
        ({"wanted": None, "target_fits": None}, Action.HOLD),
    ],
)
def test_the_first_safe_way_is_taken(seen: dict[str, Any], action: Action) -> None:
    assert with_the_code(study(**seen), BROKEN).action is action


def test_the_schema_goes_first_where_the_old_code_cannot_run_on_the_new_one() -> None:
    assert with_the_code(study(rehearsal=rehearsal()), BROKEN).order is Order.SCHEMA_FIRST


def test_a_hold_says_why_each_way_is_closed() -> None:
    seen = study(rehearsal=rehearsal(differences=["index on public.users: btree (email) is missing"]))
    why = with_the_code(seen, BROKEN).chosen.why
    assert "lands elsewhere: index on public.users" in why
    assert "no verified backup at schema 2" in why


def test_nothing_is_restored_without_one_of_the_four_conditions() -> None:
    seen = study(beside=BESIDE)
    assert with_the_code(seen, Wish()).action is Action.HOLD
    assert with_the_code(seen, Wish(data=DataState.INTACT)).action is Action.HOLD
    assert with_the_code(seen, Wish(data=DataState.LOST)).action is Action.RESTORE


def test_the_backup_is_the_newest_sound_one_of_the_wanted_schema() -> None:
    rows = [backup("broken", sound=False), backup("newer", "3"), backup("right"), backup("older")]
    found = fitting(study(backups=rows), Wish())
    assert [row.name for row in found] == ["right", "older"]


def planned(seen: Study, **request: Any) -> Plan:
    given: dict[str, Any] = {"runbook": "migration-failure", "to": "v2", "database": BROKEN} | request
    asked: Situation = situation(health={"blue": "http 500"}, **given)
    return decide(asked.model_copy(update={"study": seen}))


def test_a_target_that_the_schema_makes_ill_is_no_reason_to_hold() -> None:
    plan = planned(study(rehearsal=rehearsal()))
    assert plan.decision is Decision.ROLL_BACK
    assert plan.acts.index("migrate down") < plan.acts.index("prepare") < plan.acts.index("switch")
    assert plan.at_risk == []


def test_an_application_that_is_stopped_for_it_starts_after_the_switch() -> None:
    plan = planned(study(rehearsal=rehearsal(rows_at_risk=LOSSY), stops_application=True))
    before = [
        "stop application",
        "back up",
        "migrate down",
        "prepare",
        "switch",
        "start application",
        "verify",
    ]
    assert [act for act in plan.acts if act in before] == before
    assert "the application is stopped while its database is changed" in plan.why
    assert "start application" not in planned(study(target_fits=True, stops_application=True)).acts


def test_without_a_safe_way_the_ill_target_is_held() -> None:
    plan = planned(study(no_way_down="migration 3 has no down step"))
    assert plan.decision is Decision.HOLD
    assert any("has no down step" in why for why in plan.why)
    assert plan.stops_with is not None


def test_a_lossy_plan_is_backed_up_and_asked_about_even_when_it_is_critical() -> None:
    plan = planned(
        study(rehearsal=rehearsal(rows_at_risk=LOSSY)), severity="critical", force=True, reason="now"
    )
    assert plan.acts[plan.acts.index("migrate down") - 1] == "back up"
    assert plan.consent is not None
    assert plan.consent.people == 1
    assert plan.confirm_rows == 12
    assert "12 rows of public.users: column phone" in plan.at_risk


def test_who_accepted_the_loss_beforehand_is_not_asked_for_the_number_again() -> None:
    wish = BROKEN.model_copy(update={"accept_data_loss": 12})
    seen = study(rehearsal=rehearsal(rows_at_risk=LOSSY))
    plan = planned(seen, severity="critical", force=True, reason="now", database=wish)
    assert plan.confirm_rows == 0
    assert plan.consent is None
    less = BROKEN.model_copy(update={"accept_data_loss": 11})
    assert planned(seen, severity="critical", force=True, reason="now", database=less).confirm_rows == 12


@pytest.mark.parametrize(
    ("typed", "stands"), [(0, Ruling.OPEN), (11, Ruling.OPEN), (12, Ruling.APPROVED), (13, Ruling.APPROVED)]
)
def test_a_yes_counts_only_with_the_number_of_rows(typed: int, stands: Ruling) -> None:
    plan = planned(study(rehearsal=rehearsal(rows_at_risk=LOSSY)))
    yes = Approval(
        incident="i",
        plan=plan.digest(),
        answer=Answer.APPROVE,
        person="bob",
        via="cli",
        proven=True,
        accepted_rows=typed,
    )
    assert ruling(plan, [yes.signed(KEY)], KEY) is stands


def test_the_number_is_part_of_what_is_signed() -> None:
    plan = planned(study(rehearsal=rehearsal(rows_at_risk=LOSSY)))
    yes = Approval(
        incident="i", plan=plan.digest(), answer=Answer.APPROVE, person="bob", via="cli", proven=True
    )
    forged = yes.signed(KEY).model_copy(update={"accepted_rows": 12})
    assert ruling(plan, [forged], KEY) is Ruling.OPEN


@pytest.mark.parametrize(
    ("runbook", "seen", "wish", "action"),
    [
        ("migrate-down", study(rehearsal=rehearsal()), Wish(schema_version="2"), Action.DOWN),
        ("migrate-down", study(beside=BESIDE), Wish(schema_version="2"), Action.HOLD),
        ("data-corruption", study(beside=BESIDE), Wish(data=DataState.CORRUPTED), Action.RESTORE),
        ("data-corruption", study(beside=BESIDE, data=DataState.INTACT), Wish(), Action.HOLD),
        ("data-corruption", study(beside=BESIDE, data=DataState.LOST), Wish(), Action.RESTORE),
        ("restore-database", study(beside=BESIDE), Wish(condition=Condition.DATA_LOSS), Action.RESTORE),
        ("swap-back", study(kept=["shop__kept_1"]), Wish(), Action.SWAP_BACK),
        ("swap-back", study(kept=["shop__kept_1"]), Wish(kept="other"), Action.HOLD),
    ],
)
def test_a_runbook_of_the_database_alone_leaves_the_code(
    runbook: str, seen: Study, wish: Wish, action: Action
) -> None:
    plan = decide(situation(runbook=runbook, database=wish).model_copy(update={"study": seen}))
    assert plan.database is not None
    assert plan.database.action is action
    assert plan.to_slot == plan.from_slot == "green"
    assert plan.decision is (Decision.HOLD if action is Action.HOLD else Decision.CHANGE_DATABASE)
    assert "switch" not in plan.acts
