"""A release that brings a migration: up by its own files before it serves, down again where it goes back, killed anywhere."""

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any, LiteralString

import psycopg
import pytest

from blocks.checkout.git import Git
from blocks.postgres.changes import PostgresChanges
from domain.outcomes import Outcome
from flows.path import go_forward
from tests.forked import KILLED, exit_code
from tests.systems.aldeia.forward import (
    ADDS,
    NEWSLETTER,
    NEXT,
    PHONE,
    RENAMES,
    REPLACES,
    Forward,
    new_release,
    schema,
    schema_put_back,
)
from tests.systems.aldeia.stage import NEW, Aldeia

pytestmark = [pytest.mark.engine, pytest.mark.full_matrix]

OLD_SCHEMA = (NEWSLETTER, ["email"])
NEW_SCHEMA = (PHONE, ["email", "phone"])


@pytest.fixture(autouse=True)
def _schema_put_back(aldeia: Aldeia) -> Iterator[None]:
    with schema_put_back(aldeia):
        yield


def test_a_schema_that_the_old_release_can_live_with_stays(aldeia: Aldeia, ahead: Forward) -> None:
    new_release(aldeia, "errors", ADDS)
    assert ahead.walk(go_forward) is Outcome.WENT_BACK, ahead.data("ending")
    assert schema(aldeia) == NEW_SCHEMA
    assert (aldeia.answering(), aldeia.is_clean_on(NEW)) == (NEW, True)
    assert "the schema stays migrated up: `backout db migrate-down`" in ahead.data("ending")[0]["why"]


def test_a_schema_that_the_old_release_cannot_live_with_goes_down_before_it(
    aldeia: Aldeia, ahead: Forward
) -> None:
    new_release(aldeia, "errors", RENAMES)
    assert ahead.walk(go_forward) is Outcome.WENT_BACK, ahead.data("ending")
    plan = ahead.incident().plan
    assert plan is not None
    assert any("email" in risk for risk in plan.at_risk)
    assert (schema(aldeia), aldeia.answering()) == (OLD_SCHEMA, NEW), ahead.data("ending")
    kinds = ahead.kinds()
    assert kinds.index("database returned") < kinds.index("went back")


def _before_the_rehearsal(patch: pytest.MonkeyPatch, aldeia: Aldeia, statement: LiteralString) -> None:
    """Somebody executes this right before the way down is tried again."""
    stopped_writes = PostgresChanges.stopped_writes

    def after_it(changes: PostgresChanges) -> Any:
        with psycopg.connect(aldeia.stack.database_url) as connection:
            connection.execute(statement)
        return stopped_writes(changes)

    patch.setattr(PostgresChanges, "stopped_writes", after_it)


def test_what_was_written_in_the_new_schema_is_never_lost_by_itself(
    aldeia: Aldeia, ahead: Forward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old release cannot live with it, so people are called."""
    new_release(aldeia, "slow", REPLACES)
    _before_the_rehearsal(
        monkeypatch,
        aldeia,
        "INSERT INTO users (mail, name, county, salt, password, phone) VALUES"
        " ('maria@example.com', 'Maria', 'LA', '', '', '555')",
    )
    try:
        assert ahead.walk(go_forward) is Outcome.STUCK, ahead.data("ending")
        assert schema(aldeia) == (PHONE, ["mail", "phone"])
        said = ahead.data("ending")[0]["why"]
        assert "the way down would lose 1 rows of public.users (column phone)" in said
        assert aldeia.answering() == NEW
    finally:
        with psycopg.connect(aldeia.stack.database_url) as connection:
            connection.execute("DELETE FROM users WHERE mail = 'maria@example.com'")


def test_what_somebody_else_applied_is_not_taken_down(
    aldeia: Aldeia, ahead: Forward, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_release(aldeia, "errors", RENAMES)
    up = PostgresChanges.up

    def two_at_once(changes: PostgresChanges, *arguments: Any, **named: Any) -> Any:
        done = up(changes, *arguments, **named)
        with psycopg.connect(aldeia.stack.database_url) as connection:
            connection.execute("INSERT INTO schema_migrations (version) VALUES ('0004_theirs')")
        return done

    monkeypatch.setattr(PostgresChanges, "up", two_at_once)
    assert ahead.walk(go_forward) is Outcome.STUCK, ahead.data("ending")
    assert "somebody else applied 0004_theirs" in ahead.data("ending")[0]["why"]
    assert schema(aldeia)[1] == ["mail"]


def _dies_after(kind: type[Any], name: str) -> Callable[[pytest.MonkeyPatch], None]:
    """What a run is killed by: right after this was done, and before anything of it is written down."""
    done = getattr(kind, name)

    def dies(*arguments: Any, **named: Any) -> None:
        done(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return lambda patch: patch.setattr(kind, name, dies)


def _killed(ahead: Forward, at: Callable[[pytest.MonkeyPatch], None]) -> None:
    def walk_and_die() -> None:
        with pytest.MonkeyPatch.context() as patch:
            at(patch)
            ahead.walk(go_forward)

    assert exit_code(walk_and_die) == KILLED


def test_killed_when_the_schema_is_up_it_goes_on_to_the_new_release(aldeia: Aldeia, ahead: Forward) -> None:
    new_release(aldeia, steps=ADDS)
    _killed(ahead, _dies_after(PostgresChanges, "up"))
    assert (schema(aldeia), aldeia.answering()) == (NEW_SCHEMA, NEW)
    assert ahead.walk(go_forward) is Outcome.DEPLOYED, ahead.data("ending")
    assert (schema(aldeia), aldeia.answering(), aldeia.is_clean_on(NEXT)) == (NEW_SCHEMA, NEXT, True)


def test_killed_while_the_place_is_taken_code_and_schema_go_back(aldeia: Aldeia, ahead: Forward) -> None:
    new_release(aldeia, steps=RENAMES)
    _killed(ahead, _dies_after(Git, "checkout"))
    assert schema(aldeia) == (PHONE, ["mail"])
    assert ahead.walk(go_forward) is Outcome.WENT_BACK, ahead.data("ending")
    assert (schema(aldeia), aldeia.answering(), aldeia.is_clean_on(NEW)) == (OLD_SCHEMA, NEW, True)


def test_killed_when_the_schema_is_down_again_it_never_goes_forward(aldeia: Aldeia, ahead: Forward) -> None:
    """The release is bad on its own schema alone: on the one that is there again it would pass."""
    new_release(aldeia, steps=RENAMES)
    _killed(ahead, _dies_after(PostgresChanges, "down"))
    assert schema(aldeia) == OLD_SCHEMA
    assert ahead.walk(go_forward) is Outcome.WENT_BACK, ahead.data("ending")
    assert (schema(aldeia), aldeia.answering(), aldeia.is_clean_on(NEW)) == (OLD_SCHEMA, NEW, True)
