"""`backout demo` as a person runs it: a process of its own, in a folder for temporary files of its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from examples.demo.waiting import wait_until

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 170
HOSTILE = {
    "PREFECT_API_URL": "http://127.0.0.1:1/api",
    "PREFECT_PROFILE": "not-there",
    "BACKOUT_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "FORCE_ROLLBACK": "true",
}
"""What a user may have set for another Prefect and another Backout."""


@dataclass
class Demo:
    """A demo under way. `temporary`: everything that it and its children make is below."""

    process: subprocess.Popen[bytes]
    temporary: Path

    def said(self) -> str:
        return (self.temporary / "said").read_text()

    def wait_until_said(self, words: str) -> None:
        def look() -> bool:
            assert self.process.poll() is None, self.said()
            return words in self.said()

        wait_until(look, f"{words!r}", PATIENCE_SECONDS)

    def wait(self) -> int:
        return self.process.wait(PATIENCE_SECONDS)

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        """As a terminal does it: the whole foreground group gets the signal."""
        os.killpg(self.process.pid, number)

    @property
    def folder(self) -> Path:
        [folder] = self.temporary.glob("backout-demo-*")
        return folder

    def left_behind(self) -> list[str]:
        """What is in the folder for temporary files, but for this test's own file."""
        return sorted(entry.name for entry in self.temporary.iterdir() if entry.name != "said")

    def running(self) -> dict[int, str]:
        """Every process of this machine that has to do with this demo, but for the demo itself: pid and command."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) not in (os.getpid(), self.process.pid):
                command, environment = (_read(entry / name) for name in ("cmdline", "environ"))
                if str(self.temporary) in command + environment:
                    found[int(entry.name)] = command.replace("\0", " ")
        return found


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode(errors="replace")
    except OSError:
        return ""  # it has ended, or is another user's


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "deployments.cli", "demo", *arguments]


@contextmanager
def demo(*arguments: str) -> Iterator[Demo]:
    """Start a demo; whatever the test does, none is left."""
    temporary = Path(tempfile.mkdtemp(prefix="told-", dir="/tmp"))
    temporary.chmod(0o711)  # PostgreSQL, which drops root, must get through
    with (temporary / "said").open("wb") as said:
        process = subprocess.Popen(
            command(*arguments),
            cwd=CHECKOUT,
            env={**os.environ, **HOSTILE, "TMPDIR": str(temporary)},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    started = Demo(process, temporary)
    try:
        yield started
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
        for pid in started.running():
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(temporary)
