"""What a release brings, as git tells it."""

from blocks.checkout.difference import MOST_LINES, difference
from blocks.checkout.git import Git
from blocks.checkout.releases import CheckoutRelease, Releases
from examples.aldeia.history import Repository


def of(git: Git, name: str) -> CheckoutRelease:
    found = Releases(git).find(name)
    assert found is not None
    return found


def test_commits_migrations_and_files_are_listed_the_counts_first(git: Git) -> None:
    summary, *rows = difference(git, of(git, "v1.0.0"), of(git, "v1.1.0"))
    assert summary.endswith("4 files changed, 4 insertions(+), 2 deletions(-); 2 files of migrations")
    assert [row for row in rows if row.startswith("migration: ")] == [
        "migration: A apps/backend/migrations/0002_newsletter.down.sql",
        "migration: A apps/backend/migrations/0002_newsletter.up.sql",
    ]
    assert [row.split(" ", 2)[2] for row in rows if row.startswith("commit: ")] == ["Release v1.1.0"]
    assert "file: M apps/backend/VERSION" in rows


def test_what_the_new_one_lacks_is_said(git: Git) -> None:
    [summary, *_] = difference(git, of(git, "v1.1.0"), of(git, "v1.0.0"))
    assert summary.endswith("not in v1.0.0: 1 commit of v1.1.0")


def test_a_long_list_is_cut(git: Git, repository: Repository) -> None:
    for number in range(MOST_LINES + 2):
        repository.commit_file("notes.txt", str(number))
    rows = difference(git, of(git, "v1.1.0"), of(git, git.head()))
    commits = [row for row in rows if row.startswith("commit: ")]
    assert (len(commits), commits[-1]) == (MOST_LINES + 1, "commit: and 2 more")
