"""`backout db` as a person types it: the served application's real database, and runs of its runbooks through Prefect."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.deployments.cli.shop import APP, Done, Shop

LOST = ["--why", "data loss detected", "--reason", "entries are gone", "--severity", "critical"]


def query(shop: Shop, text: str) -> Any:
    with psycopg.connect(shop.stack.database_url, autocommit=True) as connection:
        cursor = connection.execute(text.encode())
        return cursor.fetchone() if cursor.description else None


@pytest.fixture
def entries(shop: Shop) -> Iterator[None]:
    """Three entries of one person, who is gone again at the end; and none that another test's bad release has left."""
    query(shop, "DELETE FROM users")
    query(shop, "INSERT INTO users (email, password_hash) VALUES ('ann@example.test', 'x')")
    query(
        shop,
        "INSERT INTO entries (user_id, title, body) SELECT id, 'a', 'b' FROM users, generate_series(1, 3)",
    )
    yield
    query(shop, "DELETE FROM users WHERE email = 'ann@example.test'")


def count(shop: Shop) -> int:
    return int(query(shop, "SELECT count(*) FROM entries")[0])


def backed_up(shop: Shop) -> str:
    done = shop.run("db", "backup", APP, "--label", "current-state", "--json")
    assert done.code == 0, done
    return str(done.json["name"])


def test_status_says_what_is_applied_and_how_the_database_is(shop: Shop) -> None:
    found = shop.run("db", "status", APP, "--json").json
    assert found["schema"]["applied"] == ["0001"]
    assert {finding["verdict"] for finding in found["findings"]} == {"ok"}


def test_a_backup_is_listed_and_verified_and_a_changed_one_is_found(shop: Shop) -> None:
    name = backed_up(shop)
    assert name in shop.run("db", "list", APP).out, "the name is what other commands ask for: it is not cut"
    assert shop.run("db", "verify", APP, name).code == 0
    [path] = [row["path"] for row in shop.run("db", "list", APP, "--json").json if row["name"] == name]
    data = next(file for file in Path(path).rglob("*") if file.suffix == ".gz" or file.name == "toc.dat")
    data.write_bytes(data.read_bytes() + b"x")
    done = shop.run("db", "verify", APP, name)
    assert done.code == 1
    assert data.name in done.said
    shutil.rmtree(path)


def test_the_way_down_is_rehearsed_and_nothing_is_left_of_it(shop: Shop, entries: None) -> None:  # noqa: ARG001
    done = shop.run("db", "rehearse", APP, "--json")
    assert done.code == 0, done
    at_risk = {row["table"]: row["rows"] for row in done.json["rows_at_risk"]}
    assert at_risk["public.entries"] == count(shop)
    assert query(shop, "SELECT count(*) FROM pg_database WHERE datname LIKE '%clone%'") == (0,)


@pytest.mark.full_matrix
def test_a_restore_is_swapped_in_and_swapped_back(shop: Shop, entries: None) -> None:  # noqa: ARG001
    name = backed_up(shop)
    query(shop, "DELETE FROM entries")
    restored = shop.run("db", "restore", APP, name, *LOST, "--json")
    assert restored.code == 0, restored
    assert restored.json["outcome"] == "restored"
    assert count(shop) == 3
    asked = shop.run("db", "swap-back", APP, "--reason", "wrong", "--severity", "critical", "--dry-run")
    assert "3 rows of public.entries: 3 written since" in asked.said
    back = shop.run(
        "db",
        "swap-back",
        APP,
        "--reason",
        "wrong",
        "--severity",
        "critical",
        "--accept-data-loss",
        "3",
        "--json",
    )
    assert back.code == 0, back
    assert count(shop) == 0


def test_rows_written_since_are_asked_about_and_exported(shop: Shop, entries: None) -> None:  # noqa: ARG001
    name = backed_up(shop)
    query(shop, "INSERT INTO entries (user_id, title, body) SELECT id, 'new', 'c' FROM users LIMIT 1")
    waiting = shop.run("db", "restore", APP, name, *LOST, "--yes", "--json")
    assert waiting.code == 1
    assert waiting.json["approve"].endswith("--accept-data-loss 1")
    incident = waiting.json["incident"]
    refused = shop.run("approve", incident)
    assert (refused.code, count(shop)) == (1, 4)
    assert "1 row" in refused.said
    assert shop.run("approve", incident, "--accept-data-loss", "1").code == 0
    _wait_for_the_end(shop)
    assert count(shop) == 3
    kept = shop.run("db", "status", APP, "--json").json["kept"][0]
    assert shop.run("db", "swap-back", APP, kept, "--reason", "x", "--severity", "critical").code == 0
    assert count(shop) == 4


def _wait_for_the_end(shop: Shop) -> None:
    """Whoever asks for the same joins the run that is under way, and sees its end."""
    for _ in range(60):
        found = shop.run("status", APP, "--json").json
        if found["incidents"][0]["outcome"]:
            return
    raise AssertionError(found)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["restore", APP, "none-such", *LOST], 1, "no backup 'none-such'"),
        (["restore", APP, "--why", "because", "--reason", "x"], 2, "data loss detected"),
        (["restore", APP, "--why", "data loss detected"], 2, "--reason is needed"),
        (["verify", APP, "none-such"], 1, "none of this name"),
        (["migrate-down", APP, "0009", "--reason", "x"], 1, "0009"),
        (["swap-back", APP, "none_such", "--reason", "x"], 1, "no kept database none_such"),
        (["status", "none/such"], 2, "not known"),
        (["rehearse", APP, "--to", "0009"], 2, "0009"),
    ],
)
def test_a_mistake_is_said_and_changes_nothing(
    shop: Shop, arguments: list[str], code: int, words: str
) -> None:
    before = query(shop, "SELECT oid FROM pg_database WHERE datname = current_database()")
    done: Done = shop.run("db", *arguments)
    assert (done.code, words in done.said) == (code, True), done
    assert query(shop, "SELECT oid FROM pg_database WHERE datname = current_database()") == before


def test_a_dry_run_shows_the_options_and_starts_nothing(shop: Shop) -> None:
    name = backed_up(shop)
    incidents = shop.run("status", APP, "--json").json["incidents"]
    done = shop.run("db", "restore", APP, name, *LOST, "--dry-run")
    assert done.code == 0
    assert f"{name} stands ready beside" in done.said
    assert shop.run("status", APP, "--json").json["incidents"] == incidents
