"""`backout record`: what is kept of a release, and what is refused."""

from blocks.installation import Installation
from blocks.store import schemas
from domain.release import Release
from tests.deployments.cli.shop import APP, NEW, OLD, Shop


def _kept(here: Installation, version: str) -> Release | None:
    return next((one for one in here.store.releases(APP) if one.version == version), None)


def test_lifting_is_not_done_by_record_any_more(shop: Shop, here: Installation) -> None:
    here.store.quarantine(APP, NEW, "an incident")
    done = shop.run("record", APP, NEW, "--slot", "green", "--lift", "--json")
    assert (done.code, done.json["error"]) == (2, "BadUsage")
    assert f"`backout quarantine lift {APP} {NEW}`" in done.json["next"]
    kept = _kept(here, NEW)
    assert kept is None or kept.quarantined_by == "an incident"


def test_a_release_that_the_slot_does_not_hold_is_not_recorded_there(shop: Shop, here: Installation) -> None:
    before = here.store.releases(APP)
    done = shop.run("record", APP, NEW, "--slot", "blue")
    assert done.code == 2
    assert f"slot blue holds {OLD}, not {NEW}" in done.said
    assert "without --slot" in done.said
    assert here.store.releases(APP) == before


def test_an_older_release_that_is_recorded_again_keeps_its_schema(shop: Shop, here: Installation) -> None:
    assert shop.run("record", APP, OLD, "--schema", "0000").code == 0
    assert shop.run("record", APP, NEW, "--slot", "green").code == 0
    assert shop.run("record", APP, OLD, "--slot", "blue").code == 0
    known = {release.version: release.schema_version for release in here.store.releases(APP)}
    assert (known[OLD], known[NEW]) == ("0000", "0001")
    assert shop.run("record", APP, OLD, "--schema", "0001").code == 0
    recorded = schemas.of(here.store.database, APP, "0001")
    assert recorded is not None
    assert "table public.entries" in recorded.objects


def test_releases_are_listed_with_what_they_are_made_of_and_whether_they_served_well(shop: Shop) -> None:
    assert shop.run("record", APP, OLD, "--slot", "blue", "--commit", "4f1c2a9").code == 0
    found = {row["version"]: row for row in shop.run("releases", APP, "--json").json}
    assert found[OLD]["commit"] == "4f1c2a9"
    assert found[OLD]["images"]["blue"].startswith("sha256:")
    assert found[OLD]["evidence"]
    shown = shop.run("releases", APP).said
    assert "commit 4f1c2a9" in shown
    assert shop.run("releases", "no/such").code == 2
