"""Down steps rehearsed on a clone of a real database: where they land, what they lock, what they lose."""

from pathlib import Path
from typing import Literal

import pytest

from blocks.postgres.programs import Programs
from blocks.postgres.rehearse import rehearse
from blocks.postgres.server import Server
from domain.errors import NoDownStep
from tests.blocks.postgres.steps import at_risk, rehearsed, story

Way = Literal["template", "dump"]
WAYS: list[Way] = ["template", "dump"]


@pytest.mark.both_versions
@pytest.mark.parametrize("how", WAYS)
def test_a_way_down_that_is_right(server: Server, tmp_path: Path, how: Way) -> None:
    up = "ALTER TABLE users ADD phone text; CREATE INDEX ON orders (user_id)"
    seen = rehearsed(
        story(server, tmp_path, up, "ALTER TABLE users DROP phone; DROP INDEX orders_user_id_idx"), how
    )
    assert seen.works
    assert seen.compared
    assert (seen.from_version, seen.to_version, seen.steps) == ("0002", "0001", ["0002"])
    assert seen.statements == ["ALTER TABLE users DROP phone; DROP INDEX orders_user_id_idx"]
    assert (at_risk(seen), seen.rows, seen.cosmetic) == ([], 0, [])


@pytest.mark.parametrize("how", WAYS)
def test_a_step_that_fails(server: Server, tmp_path: Path, how: Way) -> None:
    seen = rehearsed(story(server, tmp_path, "CREATE TABLE extra (id int)", "DROP TABLE extras"), how)
    assert not seen.works
    assert 'table "extras" does not exist' in seen.failed
    assert (seen.steps, seen.compared) == ([], False)


@pytest.mark.parametrize("how", WAYS)
def test_a_step_that_lands_elsewhere(server: Server, tmp_path: Path, how: Way) -> None:
    up = "ALTER TABLE users ALTER email TYPE text, ALTER note SET DEFAULT '-'; CREATE TABLE extra (id int PRIMARY KEY)"
    down = "ALTER TABLE users ALTER email TYPE varchar(50)"
    seen = rehearsed(story(server, tmp_path, up, down), how)
    assert not seen.works
    assert seen.differences == [
        "column public.users.email is character varying(50), was character varying(40)",
        "column public.users.note: default is there and was not ('-'::text)",
        "table public.extra is there and was not",
    ]


def test_a_column_that_comes_back_last_is_cosmetic(server: Server, tmp_path: Path) -> None:
    seen = rehearsed(story(server, tmp_path, "ALTER TABLE users DROP email", RESTORED_EMAIL))
    assert seen.works
    assert seen.cosmetic == [
        "order of columns in public.users is id, note, email, was id, email, note",
    ]


RESTORED_EMAIL = """
ALTER TABLE users ADD email varchar(40) UNIQUE;
UPDATE users SET email = 'user' || id;
ALTER TABLE users ALTER email SET NOT NULL;
"""


def test_nothing_to_compare_with_is_told(server: Server, tmp_path: Path) -> None:
    told = story(server, tmp_path, "CREATE TABLE extra (id int)", "")
    seen = rehearse(server, told.migrations, Programs(), to="0001", recorded=None)
    assert (seen.compared, seen.works, seen.differences) == (False, True, [])


def test_without_a_way_down_no_clone_is_made(server: Server, tmp_path: Path) -> None:
    told = story(server, tmp_path, "", "")
    (tmp_path / "0002_change.down.sql").unlink()
    with pytest.raises(NoDownStep):
        rehearse(server, told.migrations, Programs(), to="0001")


def test_a_database_setting_holds_on_the_clone_too(server: Server, tmp_path: Path) -> None:
    told = story(server, tmp_path, "CREATE SCHEMA app; CREATE TABLE app.things (id int)", "DROP TABLE things")
    with server.connected() as connection:
        connection.execute(f'ALTER DATABASE "{server.database}" SET search_path TO app, public'.encode())
    assert rehearsed(told).failed == ""
