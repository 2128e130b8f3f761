"""`backout deploy` and `backout promote`: the plan, what is refused before anything is started, and a deploy to its end."""

from contextlib import suppress

import httpx

from blocks.installation import Installation
from examples.demo.stack import Release
from tests.deployments.cli.shop import APP, NEW, OLD, Shop
from tests.deployments.served import wait_for

NEXT = "3.0"


def test_a_dry_run_shows_the_way_back(shop: Shop) -> None:
    shop.stack.lay_out(Release(NEXT))
    done = shop.run("deploy", APP, NEXT, "--dry-run", "--json")
    assert done.code == 0, done
    assert (done.json["decision"], done.json["to_release"], done.json["from_release"]) == (
        "deploy",
        NEXT,
        OLD,
    )
    assert f"way back: {OLD} in blue, which stays up" in done.json["why"]
    assert shop.platform.slot("green").version == NEW


def test_what_cannot_be_meant_starts_nothing(shop: Shop, here: Installation) -> None:
    before = len(here.store.incidents(APP))
    for arguments, words in (
        (("deploy", APP, "../2"), "is not a version"),
        (("deploy", APP, "2.0", "--staging-only"), "flappyjournal/staging"),
        (("promote", APP), "flappyjournal/staging"),
        (("promote", APP, "--from", APP), "cannot be promoted to itself"),
    ):
        done = shop.run(*arguments)
        assert done.code == 2, done
        assert words in done.said
    assert len(here.store.incidents(APP)) == before


def test_a_release_is_deployed_to_its_end(shop: Shop, here: Installation) -> None:
    """A router without weights: all at once, and watched."""
    name = "flappyjournal/deployed"
    shop.stack.lay_out(Release(NEXT))
    entry = shop.entry(name)
    entry["platform"]["slots"]["green"]["env"]["FAULT"] = "none"
    quick = {"watch_s": 0.1, "every_s": 0.1, "limits": {"slower_by_s": 2}}
    shop.apply({**entry, "deploy": quick})
    try:
        done = shop.run("deploy", name, NEXT, "--reason", "a new editor", "--json")
        assert (done.code, done.json["outcome"]) == (0, "deployed"), done
        assert shop.serving == "green"
        [incident] = here.store.incidents(name)
        assert incident.request.reason == "a new editor"
    finally:
        shop.good_release_serves()
        shop.platform.deploy("green", NEW, {})
        wait_for(lambda: _is_bad(shop), "the fault that other tests count on; it shows after a while")


def _is_bad(shop: Shop) -> bool:
    address = shop.platform.slot("green").address
    with suppress(httpx.HTTPError):
        return httpx.get(f"{address}/api/health", trust_env=False).status_code == 503
    return False
