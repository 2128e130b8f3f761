"""The git work tree that a host serves from. Every call is an argument list; hooks are off."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from blocks.hosts.local import Local
from domain.errors import CommandFailed, Unreachable

REF = re.compile(r"[A-Za-z0-9](?!.*(\.\.|@\{|//))[A-Za-z0-9._/+-]{0,199}")
"""What may be asked for: a tag, a branch or a commit. It can be no option, no range, and no expression of git's."""

ASK_S = 30.0
MOVE_S = 300.0
FETCH_S = 60.0
LEFT_BEHIND_S = 5.0
LOOK_AGAIN_S = 0.05
NO_SUCH = 1
"""What `git rev-parse --verify --quiet` ends with where there is no such object; 128 where it could not look."""
QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
SETTINGS = ("core.hooksPath=/dev/null", "advice.detachedHead=false", "user.name=backout", "user.email=backout@localhost")  # fmt: skip
"""Hooks are the repository's own programs: none runs in the middle of a rollback."""

TAGS = "--format=%(refname:short)%09%(objectname)%09%(*objectname)%09%(creatordate:unix)"


class Tag(BaseModel):
    """A tag and the commit it leads to. `at`: when it was made, in seconds since 1970."""

    model_config = ConfigDict(frozen=True)

    name: str
    commit: str
    at: int


class Git:
    """One repository with a work tree at `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str, timeout_s: float = ASK_S) -> str:
        """What git printed. Raises CommandFailed."""
        settings = [word for setting in SETTINGS for word in ("-c", setting)]
        argv = ["git", "-C", str(self.folder), *settings, *arguments]
        ran = Local().run(argv, timeout_s=timeout_s, env=QUIET)
        if ran.exit_code != 0:
            shown = ["git", "-C", str(self.folder), *arguments]
            raise CommandFailed(argv=shown, exit_code_seen=ran.exit_code, output=ran.output)
        return ran.output

    @cached_property
    def own(self) -> Path:
        """Backout's folder inside `.git`: no checkout, stash or clean touches it. Raises Unreachable."""
        try:
            found = Path(self.run("rev-parse", "--absolute-git-dir").strip()) / "backout"
        except CommandFailed as error:
            raise Unreachable(
                "git work tree", str(self.folder), error.output.strip() or error.what()
            ) from error
        found.mkdir(mode=0o700, exist_ok=True)
        return found

    def head(self) -> str:
        """The commit that is checked out. Raises Unreachable where there is no repository, or none yet."""
        try:
            return self.run("rev-parse", "--verify", "HEAD^{commit}").strip()
        except CommandFailed as error:
            raise Unreachable(
                "git work tree", str(self.folder), error.output.strip() or error.what()
            ) from error

    def commit_of(self, ref: str) -> str | None:
        """The full id of the commit that a ref leads to; None where git says that there is none here. Raises Unreachable."""
        if not REF.fullmatch(ref):
            return None
        try:
            found = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        except CommandFailed as error:
            if error.exit_code_seen == NO_SUCH:
                return None
            raise Unreachable(
                "git work tree", str(self.folder), error.output.strip() or error.what()
            ) from error
        return found.strip()

    def date_of(self, commit: str) -> int:
        """When the commit was made, in seconds since 1970; 0 where the repository no longer has it."""
        try:
            return int(self.run("show", "--no-patch", "--format=%ct", commit, "--").strip())
        except CommandFailed:
            return 0

    def tags(self) -> list[Tag]:
        """All tags that lead to commits, the newest first."""
        lines = self.run("for-each-ref", "--sort=-creatordate", TAGS, "refs/tags").splitlines()
        rows = [line.split("\t") for line in lines]
        return [Tag(name=name, commit=inner or commit, at=int(at)) for name, commit, inner, at in rows if at]

    def fetch(self) -> bool:
        """Ask the remote for what is new; False where there is none, or it does not answer."""
        if not self.run("remote").strip():
            return False
        try:
            self.run("fetch", "--quiet", "--tags", timeout_s=FETCH_S)
        except CommandFailed:
            return False
        return True

    def holds(self, commit: str, path: str) -> bool:
        """Whether the commit's tree has this path."""
        return bool(self.run("ls-tree", "--name-only", commit, "--", path).strip())

    def tracks(self, path: str) -> bool:
        """Whether the path, or anything below it, is in the index."""
        return bool(self.run("ls-files", "--", path).strip())

    def changes(self, leave: Sequence[str] = (), below: str = ".") -> list[str]:
        """The files that differ from HEAD, untracked ones too, as `git status` writes them; `leave`: paths that do not count."""
        spec = self._spec(leave, below)
        return self.run("status", "--porcelain", "--untracked-files=all", "--", *spec).splitlines()

    def stash(self, message: str, leave: Sequence[str] = (), below: str = ".") -> None:
        """Put all local changes away, untracked files too. Raises CommandFailed; then the tree is as it was."""
        spec = self._spec(leave, below)
        self.run(
            "stash",
            "push",
            "--quiet",
            "--include-untracked",
            "--message",
            message,
            "--",
            *spec,
            timeout_s=MOVE_S,
        )

    def stashed(self, message: str) -> str | None:
        """Where the stash with this message is kept: `stash@{0}`; None where there is none."""
        lines = self.run("stash", "list", "--format=%gd%x09%gs").splitlines()
        return next((line.partition("\t")[0] for line in lines if line.endswith(message)), None)

    def checkout(self, commit: str) -> None:
        """Make the work tree this commit's. Raises CommandFailed where a local change is in the way."""
        self.run("checkout", "--quiet", "--detach", commit, "--", timeout_s=MOVE_S)

    def checkout_path(self, commit: str, path: str) -> None:
        """Make one folder this commit's; files that the commit does not have go."""
        self.run("checkout", "--quiet", "--no-overlay", commit, "--", path, timeout_s=MOVE_S)

    def differs(self, commit: str, path: str) -> bool:
        """Whether the folder in the work tree holds anything else than the commit does."""
        changed = self.run("diff", "--name-only", commit, "--", path).strip()
        return bool(changed or self.run("ls-files", "--others", "--exclude-standard", "--", path).strip())

    @contextmanager
    def tree(self, commit: str) -> Iterator[Path]:
        """The commit's files in a folder of their own, for as long as the block takes."""
        folder = self.own / "trees" / commit
        self._remove(folder)
        self.run("worktree", "add", "--quiet", "--force", "--detach", str(folder), commit, timeout_s=MOVE_S)
        try:
            yield folder
        finally:
            self._remove(folder)

    def _remove(self, folder: Path) -> None:
        """A tree of ours, also one that a killed process left."""
        if folder.exists():
            self.run("worktree", "remove", "--force", "--force", str(folder), timeout_s=MOVE_S)
        self.run("worktree", "prune")

    def ignore(self, *patterns: str) -> None:
        """Keep these files of the host's out of every status and stash, without a change to the tree."""
        file = self._internal("info/exclude")
        known = file.read_text().splitlines() if file.exists() else []
        if missing := [pattern for pattern in patterns if pattern not in known]:
            file.parent.mkdir(exist_ok=True)
            file.write_text("\n".join([*known, *missing]) + "\n")

    def unlock(self) -> None:
        """Wait for a git that a killed run left behind, then remove the lock of one that was killed itself.

        Only for who knows that a run of ours was cut off: whose else the lock may be is not looked at.
        """
        lock = self._internal("index.lock")
        deadline = time.monotonic() + LEFT_BEHIND_S
        while lock.exists() and time.monotonic() < deadline:
            time.sleep(LOOK_AGAIN_S)
        lock.unlink(missing_ok=True)

    def _internal(self, name: str) -> Path:
        return self.folder / self.run("rev-parse", "--git-path", name).strip()

    def _spec(self, leave: Sequence[str], below: str) -> list[str]:
        return [below, *(f":(exclude,top){path}" for path in leave)]
