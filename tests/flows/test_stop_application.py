"""Jarvis "Database Rollback Procedure" on a real cluster: application to 0, nobody connected, restore, back to what it was."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from blocks.platforms.kubernetes import Kubernetes
from domain.database.wish import Condition, Wish
from domain.errors import UnknownRemedy
from domain.outcomes import Outcome
from flows.conclude import conclude
from flows.database_path import mend_database, take_back_with_schema
from tasks.ended import Interrupted
from tasks.examine import branches
from tests.flows.cluster_stage import HAD, ClusterScene, ClusterStage
from tests.flows.killing import Runs

if TYPE_CHECKING:
    pass

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("patient")]

ORDER = ("application stopped", "database changed", "application started", "verified", "database returned")
RIGHT = ["application stopped", "database changed", "application started", "verified"]
SAME = "first"


def corrupted(shop: ClusterStage, folder: Path) -> ClusterScene:
    """Its prices were lost after the backup."""
    scene = shop.scene(folder)
    backup = scene.back_up()
    with shop.connect() as connection:
        connection.execute("UPDATE orders SET price = 0")
    wish = Wish(condition=Condition.CORRUPTION, backup=backup.name, accept_data_loss=10**6)
    return scene.asks("restore-database", wish)


def test_it_is_stopped_for_the_swap_and_has_its_pods_again(shop: ClusterStage, tmp_path: Path) -> None:
    scene = corrupted(shop, tmp_path)
    assert scene.walk(mend_database) is Outcome.RESTORED, scene.data("ending")
    assert scene.kinds(*ORDER) == RIGHT
    [stopped] = scene.data("application stopped")
    assert stopped["left"] == []
    assert stopped["done"] == "shop-api from 2 to 0 pods; shop-worker from 1 to 0 pods"
    assert scene.data("application started") == [{"done": "shop-api to 2 pods, shop-worker to 1 pod"}]
    assert scene.prices() == [42]
    assert shop.scaled() == HAD
    plan = scene.data("planned")[-1]["plan"]
    assert plan["acts"][1:5] == ["stop application", "swap database", "start application", "verify"]
    report = scene.report()
    assert "nobody is connected to its database any more" in report
    assert "application started again: shop-api to 2 pods, shop-worker to 1 pod" in report


@pytest.mark.full_matrix
def test_where_the_swap_is_refused_it_has_its_pods_again(
    shop: ClusterStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.act.RETRY_S", [])
    scene = corrupted(shop, tmp_path)
    scene.raw["database"]["drain_s"] = 0.5
    with shop.connect(user="postgres") as superuser:
        superuser.execute("SET application_name = 'a stranger'")
        assert scene.walk(mend_database) is Outcome.HELD
    [stopped] = scene.data("application stopped")
    assert "a stranger" in ", ".join(stopped["left"])
    assert scene.kinds(*ORDER) == ["application stopped", "application started"]
    assert scene.prices() == [0]
    assert shop.scaled() == HAD


@pytest.mark.full_matrix
def test_code_and_schema_go_back_while_nothing_runs(shop: ClusterStage, tmp_path: Path) -> None:
    scene = shop.scene(tmp_path).asks("migration-failure", Wish(condition=Condition.SERVICE_FAILURE))
    assert scene.walk(take_back_with_schema) is Outcome.ROLLED_BACK, scene.data("ending")
    assert scene.kinds(*ORDER, "switched") == [
        "application stopped", "database changed", "switched", "application started", "verified",
    ]  # fmt: skip
    assert shop.scaled() == HAD
    assert shop.serving() == "1.0"
    with shop.connect() as connection:
        assert connection.execute("SELECT max(version) FROM schema_migrations").fetchall() == [("001",)]


@pytest.mark.full_matrix
def test_what_was_left_stopped_is_told_and_started_by_doctor(shop: ClusterStage, tmp_path: Path) -> None:
    scene = shop.scene(tmp_path)
    [branch] = [one for one in branches(scene.document) if one.name == "stopped"]
    assert branch.examine() == []
    scene.document.platform.stop_serving()
    [found] = branch.examine()
    assert found.bad
    assert (
        branch.mend(found.remedies[-1].name)
        == "started the application: shop-api to 2 pods, shop-worker to 1 pod"
    )
    assert branch.examine() == []
    with pytest.raises(UnknownRemedy):
        branch.mend("pray")
    assert shop.scaled() == HAD


@pytest.mark.full_matrix
def test_who_interrupts_a_run_does_not_leave_it_stopped(
    shop: ClusterStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = corrupted(shop, tmp_path)
    with scene.installation() as here:
        case = scene.case(here)
        stop = Kubernetes.stop_serving

        def interrupted(platform: Kubernetes) -> str:
            case.stopping.set()
            return stop(platform)

        monkeypatch.setattr(Kubernetes, "stop_serving", interrupted)
        with pytest.raises(Interrupted):
            conclude(case, mend_database)
    assert scene.incident().outcome is None
    assert scene.kinds(*ORDER) == ["application stopped", "application started"]
    assert shop.scaled() == HAD


@pytest.mark.parametrize(
    "point",
    [
        pytest.param("after note application stopped", marks=pytest.mark.full_matrix),
        "after database swap",
        pytest.param("before start application", marks=pytest.mark.full_matrix),
        pytest.param("after start application", marks=pytest.mark.full_matrix),
    ],
)
def test_killed_and_started_again_it_has_its_pods_again(
    shop: ClusterStage, tmp_path: Path, point: str
) -> None:
    scene = corrupted(shop, tmp_path)
    runs = Runs(scene, mend_database, tmp_path)
    runs.start(SAME, dies_at=point)
    runs.start(SAME)
    assert scene.incident().outcome is Outcome.RESTORED
    assert scene.prices() == [42]
    assert shop.scaled() == HAD
    assert len(scene.data("database changed")) == 1
