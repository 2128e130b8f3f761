"""Reading a good `backout.yaml`."""

from pathlib import Path

import pytest
import yaml

from blocks.configuration import Described, digest, document, read
from blocks.signals.http import Http
from domain.errors import ConfigurationError, MissingSecret
from domain.severity import Severity
from tests.blocks.configuration.documents import APPLICATION, DB_URL, Write, changed


def test_one_file_holds_several_environments(write: Write) -> None:
    file = write(APPLICATION, changed("name", to="shop/staging"))
    first, second = read([file])
    assert (first.name, first.source, first.at) == ("shop/production", str(file), "applications[0]")
    assert (second.name, second.at) == ("shop/staging", "applications[1]")
    assert first.raw == APPLICATION
    assert first.digest == digest(APPLICATION)


def test_folders_are_read_in_the_order_of_their_names(write: Write, tmp_path: Path) -> None:
    write(changed("name", to="shop/b"), name="b.yml")
    write(changed("name", to="shop/a"), name="a.yaml")
    write("not: [yaml", name="notes.txt")
    assert [described.name for described in read([tmp_path])] == ["shop/a", "shop/b"]


def test_references_stay_references_until_the_run(write: Write) -> None:
    (described,) = read([write(APPLICATION)])
    assert described.raw["database"]["url"] == "${DB_URL}"


def test_a_reference_can_stand_for_a_number_or_an_address(write: Write) -> None:
    application = changed("health", "timeout_s", to="${T}")
    application["platform"]["slots"]["blue"]["address"] = "${ADDRESS}"
    (described,) = read([write(application)])
    values = {"DB_URL": DB_URL, "T": "2.5", "ADDRESS": "http://127.0.0.1:9001"}
    health = document(described.raw, described.source, values).health
    assert isinstance(health, Http)
    assert health.timeout_s == 2.5


def test_a_document_has_its_secrets_and_hides_them() -> None:
    made = document(APPLICATION, "backout.yaml", {"DB_URL": DB_URL})
    assert made.health.name == "health"
    assert made.checks[0].name == "chat"
    assert made.policy.watch_s == 60
    assert made.policy.rules[Severity.HIGH].rto_s == 3600
    assert made.database is not None
    assert "hunter2" not in repr(made.database)


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(
        MissingSecret, match=r"applications\[2\].platform.slots.blue.env.URL: variable DB_URL is not set"
    ):
        document(APPLICATION, "backout.yaml", {}, at="applications[2]")


def test_what_a_reference_stands_for_is_checked_and_not_shown() -> None:
    with pytest.raises(ConfigurationError) as caught:
        document(APPLICATION, "block shop--production", {"DB_URL": "hunter2 is no url"})
    error = caught.value
    assert (error.file, error.key) == ("block shop--production", "database.url")
    assert "is not a PostgreSQL address" in error.problem
    assert "hunter2" not in str(error)


def test_the_digest_is_of_the_meaning_not_of_the_order() -> None:
    backwards = dict(reversed(APPLICATION.items()))
    assert digest(backwards) == digest(APPLICATION)
    assert digest(changed("description", to="x")) != digest(APPLICATION)
    assert len(digest({})) == 64


def test_dates_stay_what_was_written(write: Write) -> None:
    (described,) = read(
        [write(yaml.safe_dump({"applications": [APPLICATION]}) + "  description: 2026-11-22\n")]
    )
    assert described.raw["description"] == "2026-11-22"


def test_anchors_save_repetition(write: Write) -> None:
    shared = yaml.safe_dump(APPLICATION["platform"], default_flow_style=True, width=10_000).strip()
    text = f"""
applications:
  - &first {{name: shop/a, platform: {shared}, health: {{kind: http, path: /health}}}}
  - {{<<: *first, name: shop/b}}
"""
    assert [described.name for described in read([write(text)])] == ["shop/a", "shop/b"]


def test_a_description_shows_where_it_is_from() -> None:
    described = Described(name="a/b", raw={}, source="backout.yaml", digest=digest({}))
    assert described.at == ""


def test_rows_of_the_matrix_are_laid_over_the_presets_by_name() -> None:
    rows = [
        {"name": "cosmetic", "severity": "high"},
        {"name": "queue-full", "severity": "medium", "source": "our own"},
    ]
    policy = document(
        changed("policy", to={"preset": "aldeia", "issues": rows}), "here", {"DB_URL": DB_URL}
    ).policy
    assert policy.severity_of("service-outage") is Severity.CRITICAL
    assert policy.severity_of("cosmetic") is Severity.HIGH
    assert policy.severity_of("queue-full") is Severity.MEDIUM
    assert len([row for row in policy.issues if row.name == "cosmetic"]) == 1
