"""Aldeia's git repository: its files, and releases of it, good and bad, each with a tag."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

TEMPLATE = Path(__file__).parent / "repository"
BACKEND = "apps/backend"
FRONTEND = "apps/chatbot-frontend"
FIRST_DAY = 1_735_689_600  # 2025-01-01
DAY = 86_400

FAULTS = {
    "broken build": (
        f"{BACKEND}/Dockerfile",
        "CMD ",
        "RUN echo 'npm ERR! missing script: build' && false\nCMD ",
    ),
    "crash loop": (
        f"{BACKEND}/server",
        "def main():\n",
        'def main():\n    sys.exit("cannot read county.json")\n',
    ),
    "slow": (f"{BACKEND}/server", "ANSWERS_AFTER_S = 0.0", "ANSWERS_AFTER_S = 6.0"),
    "errors": (f"{BACKEND}/server", "REGISTRATION_WORKS = True", "REGISTRATION_WORKS = False"),
}
"""What can be wrong with a release: the file, what stands there, and what stands there instead."""


class Repository:
    """A git work tree at `folder`, which becomes the host's checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self) -> Repository:
        """Aldeia's releases so far; `v1.1.0` is the newest, and checked out."""
        shutil.copytree(TEMPLATE, self.folder)
        (self.folder / "gitignore").rename(self.folder / ".gitignore")
        self.git("init", "--quiet", "--initial-branch=main")
        for tag in ("phase-5-complete", "phase-6-complete", "v1.0.0"):
            self.release(tag)
        self._add_newsletter()
        self.release("v1.1.0")
        return self

    def release(self, tag: str, fault: str = "") -> str:
        """Commit and tag a release of all components, with one of `FAULTS`, or well; its commit."""
        if fault:
            self._spoil(*FAULTS[fault])
        for component in (BACKEND, FRONTEND):
            (self.folder / component / "VERSION").write_text(f"{tag}\n")
        commit = self.commit(f"Release {tag}")
        self.git("tag", tag)
        return commit

    def commit(self, message: str) -> str:
        """Commit all that was changed; the commit. Each is a day after the one before."""
        self.git("add", "--all")
        date = f"{FIRST_DAY + self._commits() * DAY} +0000"
        self.git("commit", "--quiet", "--message", message, date=date)
        return self.git("rev-parse", "HEAD")

    def commit_file(self, path: str, text: str) -> str:
        """Commit a file with this text; the commit."""
        (self.folder / path).write_text(text)
        return self.commit(f"Change {path}")

    def git(self, *arguments: str, date: str = "") -> str:
        """What git printed."""
        dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} if date else {}
        who = ["-c", "user.name=Aldeia", "-c", "user.email=team@aldeia.example", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", "-C", str(self.folder), *who, "-c", "advice.detachedHead=false", *arguments],
            env={**os.environ, **dates},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def _commits(self) -> int:
        return len(self.git("rev-list", "--all").splitlines())

    def _spoil(self, file: str, right: str, wrong: str) -> None:
        path = self.folder / file
        text = path.read_text()
        if right not in text:
            raise ValueError(f"{file} does not hold {right!r}: it is spoiled already")
        path.write_text(text.replace(right, wrong, 1))

    def _add_newsletter(self) -> None:
        folder = self.folder / BACKEND / "migrations"
        up = "ALTER TABLE users ADD COLUMN newsletter boolean NOT NULL DEFAULT false\n"
        (folder / "0002_newsletter.up.sql").write_text(up)
        (folder / "0002_newsletter.down.sql").write_text("ALTER TABLE users DROP COLUMN newsletter\n")
