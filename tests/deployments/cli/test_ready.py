"""`backout ready`, the scheduled look, and what it leaves in Prefect and in `/metrics`."""

from collections.abc import Iterator

import httpx
import pytest

from blocks.installation import serving
from blocks.keys import api_token
from deployments.prefect_api import PrefectApi
from tests.deployments.cli.shop import OLD, Shop
from tests.deployments.served import wait_for

APP = "unready/production"


@pytest.fixture
def deployed(shop: Shop) -> Iterator[Shop]:
    """An application without a backup, whose new release was just deployed."""
    shop.apply(shop.entry(APP))
    assert shop.run("record", APP, OLD, "--slot", "blue").code == 0
    shop.bad_release_serves()
    yield shop
    shop.good_release_serves()


def test_it_says_what_is_lacking_and_is_ready_when_that_is_there(deployed: Shop, api: PrefectApi) -> None:
    shop = deployed
    lacking = shop.run("ready", APP)
    assert lacking.code == 1
    assert "not ready: backup, restorable" in lacking.said
    assert f"mends it: backout db backup {APP}" in lacking.said
    assert shop.run("db", "backup", APP).code == 0
    there = shop.run("ready", APP, "--json")
    assert there.code == 0, there
    assert there.json["target"] == "1.0 in blue"
    _is_looked_at_by_the_schedule(shop, api)


def _is_looked_at_by_the_schedule(shop: Shop, api: PrefectApi) -> None:
    run = api.start("readiness", {"application": APP}, [])
    wait_for(lambda: api.state(run).done, "the look")
    assert api.state(run).name == "Ready", api.state(run)
    found = api.call("GET", "/deployments/name/readiness/readiness")
    assert [one["schedule"]["cron"] for one in found["schedules"]] == ["*/15 * * * *"]
    [table] = api.call(
        "POST",
        "/artifacts/latest/filter",
        {"artifacts": {"key": {"any_": [f"readiness-{APP.replace('/', '--')}"]}}},
    )
    assert "ready: back to 1.0 in blue" in table["description"]
    url = (serving(shop.home) or {})["api_url"]

    def shown() -> bool:
        headers = {"Authorization": f"Bearer {api_token(shop.home)}"}
        text = httpx.get(f"{url}/metrics", headers=headers, timeout=10, trust_env=False).text
        return f'backout_ready{{application="{APP}"}} 1.0' in text

    wait_for(shown, "the gauge")
