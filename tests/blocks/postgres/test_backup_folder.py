"""Backups appear whole, under names of their own."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from blocks.postgres.backup_folder import backup_name, claimed

AT = datetime(2026, 11, 22, 4, 30, tzinfo=UTC)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {".turn"}


@pytest.mark.parametrize(
    ("database", "label", "name"),
    [
        ("shop", "pre-migration", "shop-pre-migration-20261122T043000"),
        ("../shop db", "manual", "_shop_db-manual-20261122T043000"),
        (".hidden", "x/y", "hidden-x_y-20261122T043000"),
    ],
)
def test_a_name_says_what_and_when(database: str, label: str, name: str) -> None:
    assert backup_name(database, label, AT) == name


def test_what_is_published_stays(tmp_path: Path) -> None:
    with claimed(tmp_path / "backups", "shop") as claim:
        (claim.partial / "toc.dat").write_text("all")
        claim.publish()
    assert names(tmp_path / "backups") == {"shop"}
    assert (tmp_path / "backups/shop/toc.dat").read_text() == "all"


def test_what_is_not_published_goes(tmp_path: Path) -> None:
    with claimed(tmp_path, "shop") as claim:
        (claim.partial / "toc.dat").write_text("half")
    assert names(tmp_path) == set()


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    with claimed(tmp_path, "shop") as first, claimed(tmp_path, "shop") as second:
        assert (first.name, second.name) == ("shop", "shop-2")
        first.publish()
        second.publish()
    with claimed(tmp_path, "shop") as third:
        assert third.name == "shop-3"


def test_the_half_of_a_living_maker_is_left_alone_and_that_of_a_dead_one_goes(tmp_path: Path) -> None:
    (tmp_path / ".partial-dead").mkdir()
    (tmp_path / ".partial-dead/toc.dat").touch()
    (tmp_path / ".lock-dead").touch()
    (tmp_path / ".lock-unborn").touch()
    with claimed(tmp_path, "living") as living, claimed(tmp_path, "another"):
        assert names(tmp_path) == {".partial-living", ".lock-living", ".partial-another", ".lock-another"}
        living.publish()
    assert names(tmp_path) == {"living"}
