"""`deploy.signals`: what is looked at on the new slot in each step; bad twice in a row sends traffic back, no data does not."""

from pathlib import Path
from typing import Any

import pytest

from blocks.slot_folder import SlotFolder
from domain.outcomes import Outcome
from flows.path import go_forward
from tests.fakes.http_server import HttpServer, Reply
from tests.flows.deploy_stage import QUICK, DeployScene, DeployStage

pytestmark = pytest.mark.usefixtures("impatient")

LOG = {"kind": "log_rate", "name": "errors", "pattern": "no route to the cache", "above": 0}
EMPTY = {"status": "success", "data": {"resultType": "vector", "result": []}}


@pytest.fixture
def shop(tenths: DeployStage, tmp_path: Path) -> DeployScene:
    return tenths.deploy_scene(tmp_path)


def look_at(shop: DeployScene, *signals: dict[str, Any], **settings: Any) -> None:
    shop.raw["deploy"] = {**QUICK, **settings, "signals": list(signals)}


def script(folder: Path, bad: str) -> dict[str, Any]:
    """A command that counts its looks in the file `looks`, and is bad in those whose number matches."""
    text = f"""echo {{slot}} >> {folder}/looks
    case $(wc -l < {folder}/looks) in {bad}) echo the queue is full; exit 1;; esac"""
    return {"kind": "command", "name": "queue", "argv": ["sh", "-c", text]}


def log(shop: DeployScene, line: str) -> None:
    """As if the release in green wrote it."""
    file = SlotFolder(shop.stage.platform.folder / "green").log
    with file.open("a") as opened:
        opened.write(f"{line}\n")


def went_back(shop: DeployScene) -> str:
    """What was bad at the first step."""
    assert shop.walk(go_forward) is Outcome.WENT_BACK, shop.data("ending")
    assert [row["shares"]["green"] for row in shop.data("shifted")] == [10]
    assert shop.stage.shares() == {"blue": 100}
    return str(shop.data("judged")[-1]["said"])


def test_bad_twice_in_a_row_goes_back(shop: DeployScene, tmp_path: Path) -> None:
    look_at(shop, script(tmp_path, "*"))
    assert went_back(shop) == "green: queue: exit 1: the queue is full"
    assert (tmp_path / "looks").read_text().split() == ["green", "green"]


def test_the_new_slots_own_log_sends_traffic_back(shop: DeployScene, monkeypatch: pytest.MonkeyPatch) -> None:
    look_at(shop, LOG)
    shop.at(10, monkeypatch, lambda: log(shop, "ERROR: no route to the cache"))
    assert "green: errors: 1 of" in went_back(shop)


def test_bad_once_is_a_slow_moment(shop: DeployScene, tmp_path: Path) -> None:
    look_at(shop, script(tmp_path, "1|3"))
    assert shop.walk(go_forward) is Outcome.DEPLOYED, shop.data("ending")
    assert len((tmp_path / "looks").read_text().split()) > 4


def test_no_data_sends_nobody_back(shop: DeployScene, tmp_path: Path) -> None:
    """A Prometheus that has no samples, one that is away, a script that is not there."""
    with HttpServer() as prometheus:
        prometheus.replies["/api/v1/query"] = Reply(body=EMPTY)
        query = {"kind": "prometheus", "query": 'errors{slot="{slot}"}', "above": 1}
        look_at(
            shop,
            {**query, "name": "empty", "url": prometheus.url},
            {**query, "name": "away", "url": "http://127.0.0.1:1"},
            {"kind": "command", "name": "missing", "argv": [str(tmp_path / "missing")]},
        )
        assert shop.walk(go_forward) is Outcome.DEPLOYED, shop.data("ending")
        asked = [seen for seen in prometheus.seen if seen.path == "/api/v1/query"]
    assert asked
    assert b"green" in asked[0].body
