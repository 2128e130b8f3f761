"""Scenario 4: the new release's migration broke the old one, and both are taken back together."""

from typing import Any

import psycopg
import pytest

from domain.database.wish import Condition, Wish
from domain.outcomes import Outcome
from examples.flappyjournal.images import Version
from examples.flappyjournal.stack import DATABASE_VARIABLE
from flows.database_path import take_back_with_schema
from tests.systems.flappyjournal.system import JournalScene, Person, System

pytestmark = pytest.mark.engine


def test_code_and_schema_go_back_together(scene: JournalScene, person: Person, system: System) -> None:
    person.write("Before the migration")
    scene.deploy(Version("v2.0", migrates=True))
    person.write("After the migration")
    assert _versions(system) == [("0002",), ("0001",)]
    asked: dict[str, Any] = {
        "runbook": "migration-failure", "issue": "migration-incompatibility",
        "database": Wish(condition=Condition.SERVICE_FAILURE),
    }  # fmt: skip
    assert scene.walk(take_back_with_schema, **asked) is Outcome.ROLLED_BACK, scene.data("ending")
    assert system.serving() == "blue"
    assert _versions(system) == [("0001",)]
    assert person.titles() == ["After the migration", "Before the migration"]
    assert "schema taken from 0002 to 0001" in scene.report()


def _versions(system: System) -> list[tuple[Any, ...]]:
    """The runbook's own query."""
    with psycopg.connect(system.stack.environment[DATABASE_VARIABLE]) as connection:
        query = "SELECT version FROM schema_migrations ORDER BY version DESC LIMIT 5"
        return connection.execute(query).fetchall()
