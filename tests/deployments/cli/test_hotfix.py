"""`backout hotfix`, and `--only` where there are no parts."""

from blocks.installation import Installation
from tests.deployments.cli.shop import APP, OLD, Shop

WHY = ("--reason", "the log in works again")


def test_a_fixed_release_takes_the_place_of_the_bad_one(bad_shop: Shop, here: Installation) -> None:
    planned = bad_shop.run("hotfix", APP, OLD, *WHY, "--dry-run", "--json")
    assert planned.json["to_release"] == OLD
    assert bad_shop.serving == "green"
    done = bad_shop.run("hotfix", APP, OLD, *WHY, "--severity", "critical", "--json")
    assert (done.code, done.json["outcome"]) == (0, "rolled_back")
    assert bad_shop.serving == "blue"
    assert here.store.incidents(APP)[0].request.runbook == "hotfix"


def test_a_fix_that_is_nowhere_starts_nothing(shop: Shop, here: Installation) -> None:
    before = len(here.store.incidents(APP))
    done = shop.run("hotfix", APP, "fix/log-in", *WHY)
    assert done.code == 2
    assert "'fix/log-in'" in done.err
    assert len(here.store.incidents(APP)) == before


def test_a_part_that_is_not_there_starts_nothing(shop: Shop, here: Installation) -> None:
    before = len(here.store.incidents(APP))
    done = shop.run("rollback", APP, "--only", "backend", *WHY)
    assert done.code == 2
    assert "this platform has no parts" in done.err
    assert "without --only" in done.err
    assert len(here.store.incidents(APP)) == before
