"""Commits that only Backout holds, in a real repository."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from blocks.checkout import pinning
from blocks.checkout.git import Git
from blocks.pins import Pins
from domain.release import Release
from examples.aldeia.history import Repository
from tests.blocks.pins_contract import SHOP, PinsContract


class OnGit(Pins):
    """What `checkout` does, without a Docker engine."""

    def __init__(self, git: Git) -> None:
        self._git = git

    def pin(self, application: str, releases: Sequence[Release]) -> list[str]:
        del application
        return pinning.pin(self._git, releases)

    def lost(self, release: Release) -> str:
        return pinning.lost(self._git, release)


@pytest.fixture
def platform(git: Git) -> Pins:
    return OnGit(git)


@pytest.fixture
def releases(repository: Repository) -> list[Release]:
    """v1.1.0, and two that were built from branches which are gone."""
    made = [repository.git("rev-parse", "v1.1.0")]
    for number in (1, 2):
        repository.git("checkout", "--quiet", "-b", f"hotfix/{number}")
        made.append(repository.commit_file("notes.txt", f"hotfix {number}"))
        repository.git("checkout", "--quiet", "main")
        repository.git("branch", "--quiet", "--delete", "--force", f"hotfix/{number}")
    return [Release(application=SHOP, version=commit[:10], commit=commit) for commit in made]


@pytest.fixture
def clean_up(repository: Repository) -> Callable[[], None]:
    def collect() -> None:
        repository.git("reflog", "expire", "--expire=now", "--all")
        repository.git("gc", "--quiet", "--prune=now")

    return collect


class TestPinsCommits(PinsContract):
    def test_neither_branches_nor_tags_show_it(
        self, platform: Pins, repository: Repository, releases: list[Release], tmp_path: Path
    ) -> None:
        before = (repository.git("branch", "--list"), repository.git("tag", "--list"))
        platform.pin(SHOP, releases)
        assert (repository.git("branch", "--list"), repository.git("tag", "--list")) == before
        clone = tmp_path / "clone"
        repository.git("clone", "--quiet", str(repository.folder), str(clone))
        assert Git(clone).run("for-each-ref", pinning.REFS) == ""

    def test_what_is_let_go_is_gits_again(
        self, platform: Pins, releases: list[Release], clean_up: Callable[[], None]
    ) -> None:
        platform.pin(SHOP, releases)
        platform.pin(SHOP, releases[:2])
        clean_up()
        assert [bool(platform.lost(release)) for release in releases] == [False, False, True]
