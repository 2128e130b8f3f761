"""Who is in quarantine, in what words, and what a person confirms before a release is deployed again."""

import pytest

from domain.quarantine import REDEPLOYMENT, missing, refused, unknown
from domain.release import Release

APP = "shop/production"
BAD = Release(application=APP, version="2.0-beta", quarantined_by="20261122-031505-shop-production-4f2a")
GOOD = Release(application=APP, version="1.0")


def test_the_refusal_names_the_incident_its_report_and_how_it_is_lifted() -> None:
    said = refused([GOOD, BAD], "2.0-beta")
    assert said.startswith("2.0-beta is quarantined since incident 20261122-031505-shop-production-4f2a")
    assert "`backout report 20261122-031505-shop-production-4f2a`" in said
    assert "`backout quarantine lift shop/production 2.0-beta`" in said


@pytest.mark.parametrize("version", ["1.0", "3.0", None])
def test_another_release_is_not_refused(version: str | None) -> None:
    assert refused([GOOD, BAD], version) == ""


def test_the_checklist_is_the_runbooks_own() -> None:
    assert [row.key for row in REDEPLOYMENT] == [
        "resolution", "review", "testing", "staging", "documentation", "monitoring", "communication",
    ]  # fmt: skip
    assert [row.text.partition(":")[0] for row in REDEPLOYMENT] == [
        "Issue Resolution", "Code Review", "Testing", "Staging", "Documentation", "Monitoring", "Communication",
    ]  # fmt: skip


def test_what_is_not_confirmed_is_missing_and_a_no_is_no_yes() -> None:
    yes = {row.key: True for row in REDEPLOYMENT}
    assert missing(yes) == []
    assert [row.key for row in missing({**yes, "review": False})] == ["review"]
    assert missing({}) == list(REDEPLOYMENT)
    assert unknown(["review", "reviw"]) == ["reviw"]
