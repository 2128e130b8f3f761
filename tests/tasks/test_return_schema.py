"""What becomes of the schema that a deploy in place brought, when its release does not serve. Down on real data: Aldeia's deploys."""

from types import SimpleNamespace
from typing import Any

import pytest

from domain.assess_deploy import MIGRATE_UP
from domain.database.migration import SchemaStatus
from domain.errors import MigrationRunning
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.rollout import Rollout
from tasks import return_schema
from tasks.return_schema import _not_ours, take_schema_down, with_schema


class Played:
    """A case whose journal is a list; v1 served, and v2 is to take its place with migration 2."""

    def __init__(self, *, breaks: bool, serving: str = "v1") -> None:
        rollout = Rollout(
            steps=[100],
            installs=False,
            in_place=True,
            schema_before="1",
            migrations=["2"],
            breaks=["users.email"] if breaks else [],
        )
        self.plan = SimpleNamespace(
            from_slot="v1", to_slot="v2", to_release="v2", from_release="v1", rollout=rollout
        )
        self.rows: list[Any] = []
        self.incident = SimpleNamespace(id="incident")
        self.ledger = SimpleNamespace(
            incident=lambda _id: SimpleNamespace(plan=self.plan), entries=lambda _id: self.rows
        )
        platform = SimpleNamespace(route=lambda: SimpleNamespace(slot=serving))
        self.document = SimpleNamespace(platform=platform)

    def note(self, kind: Happened, **data: Any) -> None:
        self.rows.append(SimpleNamespace(kind=kind, data=data))


def case(*, breaks: bool, **more: str) -> Any:
    made = Played(breaks=breaks, **more)
    made.note(Happened.ACT_STARTED, act=MIGRATE_UP)
    return made


def why_not_ours(made: Any, *applied: str) -> str:
    changes: Any = SimpleNamespace(status=lambda _release: SchemaStatus(applied=list(applied)))
    return _not_ours(made, changes)


def test_what_the_release_before_can_live_with_stays_and_is_said() -> None:
    made = case(breaks=False)
    take_schema_down(made)
    outcome, why = with_schema(made, Outcome.WENT_BACK, "it is bad")
    assert outcome is Outcome.WENT_BACK
    assert why.startswith("it is bad; the schema stays migrated up: `backout db migrate-down`")


def test_what_it_cannot_live_with_and_does_not_go_down_calls_people(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(return_schema, "_down", fails)
    made = case(breaks=True)
    take_schema_down(made)
    outcome, why = with_schema(made, Outcome.WENT_BACK, "it is bad")
    assert outcome is Outcome.STUCK
    assert "the disk is full" in why


def test_a_step_up_that_never_began_leaves_nothing_to_take_down() -> None:
    made = case(breaks=True)
    made.note(Happened.ACT_FAILED, act=MIGRATE_UP, type=MigrationRunning.__name__)
    assert with_schema(made, Outcome.HELD, "somebody migrates") == (Outcome.HELD, "somebody migrates")


def test_only_what_this_deploy_brought_goes_down() -> None:
    assert why_not_ours(case(breaks=True), "1", "2") == ""
    assert "somebody else applied 3" in why_not_ours(case(breaks=True), "1", "2", "3")
    assert "1, which it was at, is not applied" in why_not_ours(case(breaks=True), "2")
    assert "somebody else put v3 in place" in why_not_ours(case(breaks=True, serving="v3"), "1", "2")
