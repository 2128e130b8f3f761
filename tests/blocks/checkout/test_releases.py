from pathlib import Path

from blocks.checkout.git import Git
from blocks.checkout.releases import NEWEST, Releases
from examples.aldeia.history import Repository


def test_several_tags_of_one_commit_are_one_release(git: Git, repository: Repository) -> None:
    repository.git("tag", "pre-merge-backup-20250106", "v1.1.0")
    found = Releases(git).newest()
    assert [release.commit for release in found].count(git.head()) == 1
    assert {found[0].name, *found[0].also} >= {"v1.1.0", "pre-merge-backup-20250106"}


def test_a_tag_that_is_no_version_leaves_the_release_its_commit_s_name(
    git: Git, repository: Repository
) -> None:
    repository.commit_file("notes.txt", "one")
    repository.git("tag", "releases/2025")
    found = Releases(git).newest()[0]
    assert found.name == git.head()[:10]
    assert "releases/2025" in found.also


def test_only_the_newest_are_listed_and_the_others_found(git: Git, repository: Repository) -> None:
    for number in range(NEWEST):
        repository.commit_file("notes.txt", str(number))
        repository.git("tag", f"v2.{number}")
    found = Releases(git)
    assert [release.name for release in found.newest()] == [
        f"v2.{number}" for number in reversed(range(NEWEST))
    ]
    older = found.find("phase-5")
    assert older is not None
    assert older.name == "phase-5-complete"


def test_a_branch_that_only_the_remote_has_is_fetched(repository: Repository, tmp_path: Path) -> None:
    clone = tmp_path / "host"
    repository.git("clone", "--quiet", str(repository.folder), str(clone))
    repository.git("checkout", "--quiet", "-b", "hotfix/login")
    commit = repository.commit_file("apps/backend/fix", "yes")
    found = Releases(Git(clone)).find("hotfix/login")
    assert found is not None
    assert (found.commit, found.name) == (commit, commit[:10])
    assert "hotfix/login" in found.also
    assert Releases(Git(clone)).find("hotfix/nothing") is None
