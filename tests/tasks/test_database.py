"""What may be made for a look at the database: in a dry run nothing."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from blocks.brings_files import BringsFiles
from blocks.databases.contract import Changes
from domain.errors import ConfigurationError, DatabaseUnreachable, NotPrepared
from domain.rollout import Upward
from tasks import study_release
from tasks.database import NOT_BUILT, changes_of


class Builds(BringsFiles):
    """Notes what it was told to make."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def bring(self, release: str) -> None:
        self.made.append(release)

    def brought(self, release: str) -> bool:
        return release in self.made


def document(platform: Builds) -> Any:
    """Its database's changes are the function that brings a release."""
    database = SimpleNamespace(changes=lambda _name, _backups, bring: bring)
    return SimpleNamespace(name="shop/production", platform=platform, database=database)


HOME: Any = SimpleNamespace(backups=Path("/nowhere"))


def test_in_a_dry_run_no_image_is_made() -> None:
    platform = Builds()
    looked: Any = changes_of(document(platform), HOME, builds=False)
    with pytest.raises(NotPrepared, match=NOT_BUILT):
        looked("2.0")
    assert platform.made == []
    cast("Any", changes_of(document(platform), HOME))("2.0")
    assert platform.made == ["2.0"]
    looked("2.0")


def test_what_a_dry_run_did_not_try_is_said_and_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def rehearse_up(*_asked: object) -> Upward:
        raise NotPrepared(release="2.0", why=NOT_BUILT)

    changes = SimpleNamespace(tidy=list, rehearse_up=rehearse_up)
    monkeypatch.setattr(study_release, "changes_of", lambda *_asked, **_named: changes)
    dry = study_release._upward(document(Builds()), HOME, "2.0", builds=False)
    assert (dry.failed, "not rehearsed: its image is not built yet" in dry.said) == ("", True)
    assert NOT_BUILT in study_release._upward(document(Builds()), HOME, "2.0", builds=True).failed


def test_a_version_that_cannot_be_told_stops_no_backup() -> None:
    def status(_release: str | None) -> Any:
        raise error

    changes: Any = SimpleNamespace(status=status)
    error: Exception = ConfigurationError("backout.yaml", "migrations.place", "cannot be filled in")
    assert Changes.version(changes, "2.0") is None
    error = DatabaseUnreachable(what_it_is="database", address="db", why="is away")
    with pytest.raises(DatabaseUnreachable):
        Changes.version(changes, "2.0")
