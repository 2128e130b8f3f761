"""`backout status`, `validate`, `start-backup`, `record`."""

import hashlib
from pathlib import Path

import pytest

from blocks.installation import Installation
from tests.deployments.cli.shop import APP, NEW, OLD, Shop


def test_status_shows_who_serves_health_and_the_last_incidents(bad_shop: Shop) -> None:
    incident = bad_shop.run("rollback", APP, "--severity", "critical", "--json").json["incident"]
    found = bad_shop.run("status", APP, "--json").json
    assert found["serving"] == "blue"
    assert found["drift"] == found["problem"] == ""
    assert [slot["healthy"] for slot in found["slots"]] == [True, False]
    assert found["slots"][1]["quarantined_by"]
    assert found["incidents"][0]["id"] == incident
    shown = bad_shop.run("status", APP)
    assert shown.code == 0
    for word in (APP, "blue", OLD, "green", NEW, "in quarantine", incident, "rolled_back"):
        assert word in shown.said
    assert max(len(line) for line in shown.out.splitlines()) <= 80


def test_validate_says_whether_a_rollback_is_possible(bad_shop: Shop) -> None:
    done = bad_shop.run("validate", APP, "--json")
    assert (done.code, done.json["decision"], done.json["to_release"]) == (0, "roll back", OLD)
    assert bad_shop.run("validate", APP, "--to", NEW).code == 0  # it serves: nothing to do
    assert bad_shop.serving == "green"


def test_start_backup_starts_a_standby_that_is_down(bad_shop: Shop) -> None:
    bad_shop.platform.stop("blue")
    done = bad_shop.run("start-backup", APP, "--json")
    assert done.code == 0
    assert (done.json["slot"], done.json["ready"]) == ("blue", True)
    serving = bad_shop.run("start-backup", APP, "green")
    assert serving.code == 1
    assert "serving" in serving.said


@pytest.mark.full_matrix
def test_record_keeps_all_that_a_ci_says(shop: Shop, here: Installation, tmp_path: Path) -> None:
    configuration = tmp_path / "rendered.env"
    configuration.write_text("A=1")
    done = shop.run(
        "record", APP, "1.1", "--commit", "abc123", "--image", "backend=sha256:1", "--image", "web=sha256:2",
        "--configuration", str(configuration), "--json",
    )  # fmt: skip
    assert done.code == 0
    assert done.json["serving"] is False
    kept = next(release for release in here.store.releases(APP) if release.version == "1.1")
    assert kept.images == {"backend": "sha256:1", "web": "sha256:2"}
    assert kept.commit == "abc123"
    assert kept.configuration_hash == hashlib.sha256(b"A=1").hexdigest()
    assert kept.schema_version
    assert kept.recorded_by
