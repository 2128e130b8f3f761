"""The runbooks as a person starts them, through a real serve; and each one's record is enough to decide again."""

import pytest

from tests.deployments.cli.shop import APP, Shop

RUNBOOKS = [
    "third-party-failure",
    "api-breaking-change",
    pytest.param("service-outage", marks=pytest.mark.full_matrix),
    pytest.param("security-vulnerability", marks=pytest.mark.full_matrix),
]


@pytest.mark.parametrize("runbook", RUNBOOKS)
def test_a_bad_release_is_taken_back_and_can_be_explained(bad_shop: Shop, runbook: str) -> None:
    asked = ("--runbook", runbook, "--severity", "critical", "--reason", "a third of all requests fail")
    done = bad_shop.run("rollback", APP, *asked, "--json")
    assert (done.code, done.json["outcome"]) == (0, "rolled_back"), done
    assert bad_shop.serving == "blue"
    explained = bad_shop.run("explain", done.json["run"], "--json")
    assert explained.code == 0, [step for step in explained.json["steps"] if not step["same"]]


def test_what_serves_is_restarted_and_no_release_moves(shop: Shop) -> None:
    shop.good_release_serves()
    asked = ("--runbook", "restart", "--severity", "critical", "--reason", "it leaks")
    refused = shop.run("rollback", APP, *asked, "--to", "1.0")
    assert (refused.code, "--to: runbook restart has no use for it" in refused.said) == (2, True), refused
    done = shop.run("rollback", APP, *asked, "--json")
    assert (done.code, done.json["outcome"]) == (0, "restarted"), done
    assert shop.serving == "blue"
    explained = shop.run("explain", done.json["run"], "--json")
    assert explained.code == 0, [step for step in explained.json["steps"] if not step["same"]]


def test_a_flag_that_the_platform_does_not_have_is_refused_before_anything_begins(bad_shop: Shop) -> None:
    asked = (
        "--runbook",
        "third-party-failure",
        "--flag",
        "nosuch",
        "--severity",
        "critical",
        "--reason",
        "x",
    )
    done = bad_shop.run("rollback", APP, *asked, "--json")
    assert (done.code, done.json["error"]) == (2, "UnknownPart"), done
    assert bad_shop.serving == "green"
