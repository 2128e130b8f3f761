"""`backout record`: what is kept of a release, and what is refused."""

import pytest

from blocks.installation import Installation
from blocks.store import schemas
from domain.release import Release
from tests.deployments.cli.shop import APP, NEW, OLD, Shop


def _kept(here: Installation, version: str) -> Release | None:
    return next((one for one in here.store.releases(APP) if one.version == version), None)


def test_lifting_says_so_and_forgets_nothing_of_the_release(shop: Shop, here: Installation) -> None:
    assert shop.run("record", APP, NEW, "--slot", "green", "--commit", "abc123").code == 0
    here.store.quarantine(APP, NEW, "an incident")
    done = shop.run("record", APP, NEW, "--lift")
    assert done.code == 0
    assert f"{APP} {NEW}: lifted out of quarantine (since an incident)" in done.said
    kept = _kept(here, NEW)
    assert kept is not None
    assert (kept.quarantined_by, kept.slot, kept.commit) == (None, "green", "abc123")
    assert "was not in quarantine" in shop.run("record", APP, NEW, "--lift").said


def test_a_release_that_nobody_recorded_cannot_be_lifted(shop: Shop, here: Installation) -> None:
    done = shop.run("record", APP, "9.9", "--lift", "--json")
    assert (done.code, done.json["error"]) == (2, "UnknownRelease")
    assert "no release '9.9' is recorded" in done.json["what"]
    assert OLD in done.json["what"]
    assert _kept(here, "9.9") is None


@pytest.mark.parametrize("lift", [[], ["--lift"]])
def test_a_release_that_the_slot_does_not_hold_is_not_recorded_there(
    shop: Shop, here: Installation, lift: list[str]
) -> None:
    before = here.store.releases(APP)
    done = shop.run("record", APP, NEW, "--slot", "blue", *lift)
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
