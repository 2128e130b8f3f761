"""The releases that a checkout can be put on: its tags, and any other commit by its id or branch."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from blocks.checkout.git import Git, Tag
from domain.names import VERSION

NEWEST = 20
SHORT = (7, 10)
"""Letters of a commit's short id: as git shows it, and as a release without a tag is named."""
COMPLETE = "-complete"
"""`phase-6-complete` is asked for as `phase-6`."""


class CheckoutRelease(BaseModel):
    """One commit that can be put in place.

    Attributes:
        name: its newest tag, else the commit's short id.
        also: its other tags, its phase, and the commit's ids.
        at: when it was tagged, or committed; seconds since 1970.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    commit: str
    also: list[str]
    at: int

    @property
    def shown(self) -> str:
        """For people: `v1.0.0 (abc1234)`."""
        return f"{self.name} ({self.commit[: SHORT[0]]})"


class Releases:
    """Those of one repository."""

    def __init__(self, git: Git) -> None:
        self._git = git

    def newest(self) -> list[CheckoutRelease]:
        """The 20 that were tagged last, the newest first (Aldeia step 5, `git tag --sort=-creatordate`)."""
        found: dict[str, list[Tag]] = {}
        for tag in self._git.tags():
            found.setdefault(tag.commit, []).append(tag)
        return [_tagged(tags) for tags in list(found.values())[:NEWEST]]

    def of(self, commit: str) -> CheckoutRelease:
        """The release that a commit is."""
        tags = [tag for tag in self._git.tags() if tag.commit == commit]
        return _tagged(tags) if tags else self._untagged(commit)

    def find(self, ref: str) -> CheckoutRelease | None:
        """A tag, phase, branch or commit; the remote is asked where it is not here. None: there is none."""
        commit = self._commit(ref)
        if commit is None and self._git.fetch():
            commit = self._commit(ref)
        if commit is None:
            return None
        found = self.of(commit)
        return (
            found
            if ref in (found.name, *found.also)
            else found.model_copy(update={"also": [*found.also, ref]})
        )

    def _commit(self, ref: str) -> str | None:
        tried = (
            f"refs/tags/{ref}",
            f"refs/heads/{ref}",
            ref,
            f"refs/tags/{ref}{COMPLETE}",
            f"refs/remotes/origin/{ref}",
        )
        return next((commit for name in tried if (commit := self._git.commit_of(name))), None)

    def _untagged(self, commit: str) -> CheckoutRelease:
        return CheckoutRelease(
            name=commit[: SHORT[1]], commit=commit, also=_ids(commit), at=self._git.date_of(commit)
        )


def _tagged(tags: Sequence[Tag]) -> CheckoutRelease:
    commit = tags[0].commit
    names = [tag.name for tag in tags]
    # A tag with a slash in it is no version's name, and no file's.
    name = next((name for name in names if VERSION.fullmatch(name)), commit[: SHORT[1]])
    phases = [tag.removesuffix(COMPLETE) for tag in names if tag.endswith(COMPLETE)]
    also = [other for other in [*names, *phases, *_ids(commit)] if other != name]
    return CheckoutRelease(name=name, commit=commit, also=also, at=tags[0].at)


def _ids(commit: str) -> list[str]:
    return [commit, *(commit[:length] for length in SHORT)]
