from pathlib import Path

import pytest

from blocks.checkout.git import Git
from domain.errors import CommandFailed, Unreachable
from examples.aldeia.history import Repository

LOCAL = "apps/backend/server"


def test_a_folder_without_a_repository_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="not a git repository"):
        Git(tmp_path).head()


@pytest.mark.parametrize("ref", ["--all", "-1", "a..b", "HEAD@{1}", "v1.0.0:.env", "a b", "", "v1~1", "x//y"])
def test_what_is_no_plain_name_leads_nowhere(git: Git, ref: str) -> None:
    assert git.commit_of(ref) is None


def test_a_commit_is_found_by_its_tag_its_branch_and_its_ids(git: Git, repository: Repository) -> None:
    commit = repository.git("rev-parse", "v1.0.0")
    assert git.commit_of("v1.0.0") == git.commit_of(commit) == git.commit_of(commit[:7]) == commit
    assert git.commit_of("main") == git.head()
    assert git.commit_of("v9") is None
    assert git.commit_of("0" * 39 + "1") is None


def test_a_git_that_cannot_look_does_not_say_that_there_is_no_commit(git: Git, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="not a git repository"):
        Git(tmp_path).commit_of("v1.0.0")
    (git.folder / ".git" / "HEAD").write_text("")
    with pytest.raises(Unreachable):
        git.commit_of("v1.0.0")


def test_tags_come_newest_first_and_an_annotated_one_leads_to_its_commit(
    git: Git, repository: Repository
) -> None:
    repository.git("tag", "--annotate", "--message", "the same", "audited", "v1.0.0")
    tags = git.tags()
    assert [tag.name for tag in tags][1:] == ["v1.1.0", "v1.0.0", "phase-6-complete", "phase-5-complete"]
    assert tags[0].name == "audited"
    assert tags[0].commit == git.commit_of("v1.0.0")


def test_a_stash_keeps_all_local_changes_under_its_message(git: Git, repository: Repository) -> None:
    (repository.folder / LOCAL).write_text("changed")
    (repository.folder / "notes.txt").write_text("new")
    assert len(git.changes()) == 2
    git.stash("of 12:00")
    assert git.changes() == []
    assert git.stashed("of 12:00") == "stash@{0}"
    assert git.stashed("of 13:00") is None
    assert repository.git("show", f"stash@{{0}}:{LOCAL}") == "changed"
    assert repository.git("show", "stash@{0}^3:notes.txt") == "new"


def test_a_folder_that_is_left_alone_is_neither_counted_nor_stashed(git: Git, repository: Repository) -> None:
    data = repository.folder / "data" / "rows"
    data.parent.mkdir()
    data.write_text("the database's")
    assert git.changes(["data"]) == []
    (repository.folder / "notes.txt").write_text("new")
    git.stash("of 12:00", ["data"])
    assert data.read_text() == "the database's"
    assert not (repository.folder / "notes.txt").exists()


def test_files_of_the_host_are_kept_out_of_sight_without_a_change_to_the_tree(
    git: Git, repository: Repository
) -> None:
    for _ in range(2):
        git.ignore("/.env.rollback-backup-*")
    (repository.folder / ".env.rollback-backup-20261122-084000").write_text("JWT_SECRET=x")
    assert git.changes() == []
    exclude = (repository.folder / ".git/info/exclude").read_text()
    assert exclude.count("/.env.rollback-backup-*") == 1


def test_one_folder_becomes_another_commit_s_with_nothing_left_over(git: Git, repository: Repository) -> None:
    old = repository.git("rev-parse", "v1.0.0")
    assert git.differs(old, "apps/backend")
    git.checkout_path(old, "apps/backend")
    assert not git.differs(old, "apps/backend")
    assert not (repository.folder / "apps/backend/migrations/0002_newsletter.up.sql").exists()
    assert (repository.folder / "apps/chatbot-frontend/VERSION").read_text() == "v1.1.0\n"


def test_a_commit_s_files_are_there_for_a_while_also_after_a_process_that_was_killed(
    git: Git, repository: Repository
) -> None:
    old = repository.git("rev-parse", "v1.0.0")
    left = git.own / "trees" / old
    git.run("worktree", "add", "--detach", str(left), old)
    with git.tree(old) as tree:
        assert (tree / "apps/backend/VERSION").read_text() == "v1.0.0\n"
    assert not left.exists()
    assert len(repository.git("worktree", "list").splitlines()) == 1
    assert git.changes() == []


def test_no_hook_of_the_repository_runs(git: Git, repository: Repository) -> None:
    hook = repository.folder / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    git.checkout(repository.git("rev-parse", "v1.0.0"))
    assert not (repository.folder / "ran").exists()


def test_a_checkout_that_would_overwrite_a_local_change_is_refused_with_what_git_says(
    git: Git, repository: Repository
) -> None:
    (repository.folder / "apps/backend/VERSION").write_text("mine")
    with pytest.raises(CommandFailed, match="apps/backend/VERSION"):
        git.checkout(repository.git("rev-parse", "v1.0.0"))
    assert (repository.folder / "apps/backend/VERSION").read_text() == "mine"


def test_a_lock_that_a_killed_git_left_is_taken_away(git: Git, repository: Repository) -> None:
    (repository.folder / ".git/index.lock").touch()
    git.unlock()
    git.checkout(repository.git("rev-parse", "v1.0.0"))
