"""The runbook's "Database Rollback": a backup beside, verified, swapped in, by programs in the database's own pod."""

from pathlib import Path

import pytest

from domain.database.wish import Condition, Wish
from domain.outcomes import Outcome
from examples.jarvis.release import MIGRATION, Version
from flows.database_path import mend_database, take_back_with_schema
from tests.flows.killing import Runs
from tests.systems.jarvis.scene import JarvisScene
from tests.systems.jarvis.stage import Jarvis

pytestmark = pytest.mark.cluster
ALL = 10**6
INIT = "20240110090000_accounts_and_messages"
BROKEN = Wish(condition=Condition.SERVICE_FAILURE, accept_data_loss=ALL)


@pytest.fixture
def migrated(jarvis: Jarvis, scene: JarvisScene) -> JarvisScene:
    """v2.0.0's migration broke v2.0.0 and v1.1.0; a backup was made before it, as the CI makes it."""
    jarvis.chat("before the migration")
    scene.back_up()
    scene.deploy(Version("v2.0.0", MIGRATION))
    assert not jarvis.stack.answers()
    return scene.asks("migration-failure", BROKEN)


def _as_before(jarvis: Jarvis, scene: JarvisScene) -> None:
    assert jarvis.migrations() == [INIT]
    assert jarvis.said() == ["before the migration"]
    jarvis.answers_as("v1.1.0")
    assert jarvis.stack.answers()
    assert jarvis.deployment()["spec"]["replicas"] == jarvis.stack.settings["replicas"]
    assert len(jarvis.kept_databases()) == 1, "the database of before the restore stays"
    [verified] = scene.data("verified")
    found = {finding["name"]: finding["verdict"] for finding in verified["findings"]}
    assert found["prisma migrate status"] == "ok"


@pytest.mark.full_matrix
def test_code_and_schema_go_back_together(jarvis: Jarvis, migrated: JarvisScene) -> None:
    assert migrated.walk(take_back_with_schema) is Outcome.ROLLED_BACK, migrated.why()
    _as_before(jarvis, migrated)


STOPPED = [("before swap database", True), ("after rename database", True), ("after rename database 2", True)]


# The node takes 40 s to say that stopped pods are gone: with the application stopped first, only now and then.
@pytest.mark.full_matrix
@pytest.mark.parametrize(("point", "stops"), [("after rename database", False), *STOPPED])
def test_a_run_that_was_killed_in_the_restore_is_gone_on_with(
    jarvis: Jarvis, migrated: JarvisScene, tmp_path: Path, point: str, stops: bool
) -> None:
    migrated.raw["database"] = {**migrated.raw["database"], "stop_application": stops}
    runs = Runs(migrated, take_back_with_schema, tmp_path)
    runs.start(dies_at=point)
    runs.start("second")
    assert migrated.incident().outcome is Outcome.ROLLED_BACK, migrated.why()
    _as_before(jarvis, migrated)


@pytest.mark.full_matrix
def test_lost_data_comes_back_with_the_application_stopped(jarvis: Jarvis, scene: JarvisScene) -> None:
    jarvis.chat("kept in the backup")
    scene.back_up()
    pods = jarvis.pods()
    jarvis.execute("DELETE FROM messages")
    scene.asks("data-corruption", Wish(accept_data_loss=ALL))
    assert scene.walk(mend_database) is Outcome.RESTORED, scene.why()
    assert jarvis.said() == ["kept in the backup"]
    jarvis.answers_as("v1.1.0")
    assert len(jarvis.pods()) == len(pods)
