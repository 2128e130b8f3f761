"""Commits of releases, held by refs of Backout's own: `git gc` takes no commit that a ref leads to."""

from collections.abc import Sequence

from blocks.checkout.git import Git
from domain.release import Release

REFS = "refs/backout/kept/"
"""Below it one ref a commit, named by it. No branch and no tag: `git branch` and `git tag` do not show them."""


def pin(git: Git, releases: Sequence[Release]) -> list[str]:
    """A ref for each commit that is here; the refs of others go, their commits stay for as long as git keeps them. Raises CommandFailed."""
    wanted = {release.commit: release for release in releases if release.commit}
    here = [commit for commit in wanted if git.commit_of(commit)]
    for commit in here:
        git.run("update-ref", f"{REFS}{commit}", commit)
    for ref in git.run("for-each-ref", "--format=%(refname)", REFS).splitlines():
        if ref.removeprefix(REFS) not in wanted:
            git.run("update-ref", "-d", ref)
    return [
        f"{release.version}: held as {REFS}{commit[:10]}"
        if commit in here
        else f"{release.version}: {lost(git, release)}"
        for commit, release in wanted.items()
    ]


def lost(git: Git, release: Release) -> str:
    """Its commit, where the repository no longer has it; its images can be built again from it."""
    if release.commit is None or git.commit_of(release.commit):
        return ""
    return f"commit {release.commit[:10]} is not in the repository any more"
