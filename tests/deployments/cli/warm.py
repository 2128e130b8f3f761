"""`python -m deployments.cli` without what each start of it takes first: a process that has loaded the command, and forks.

Each command still is a process of its own, with its own arguments, variables, output and end. What a start itself does
is seen by the commands that tests start as they are (`Shop.start`).
"""

import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deployments.catalog import ROOT

COMMAND = "deployments.cli"
KILLED_AFTER_S = 120


class Warm:
    """The loaded command."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._turn = threading.Lock()

    def run(self, arguments: list[str], environ: Mapping[str, str]) -> tuple[int, str, str] | None:
        """Exit code, output, errors; None where another thread has a command under way."""
        if not self._turn.acquire(blocking=False):
            return None
        try:
            with tempfile.TemporaryDirectory(dir="/tmp") as folder:
                files = [Path(folder) / name for name in ("out", "err")]
                self._tell({"arguments": arguments, "environ": dict(environ), "files": [*map(str, files)]})
                code = self._ended(self._told())
                out, err = (file.read_text() for file in files)
                return code, out, err
        finally:
            self._turn.release()

    def _tell(self, asked: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()

    def _told(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def _ended(self, pid: int) -> int:
        """How the command ended; it is killed where it does not."""
        killer = threading.Timer(KILLED_AFTER_S, os.kill, (pid, signal.SIGKILL))
        killer.start()
        try:
            return self._told()
        finally:
            killer.cancel()


@contextmanager
def warm(environ: Mapping[str, str]) -> Iterator[Warm]:
    """Loaded under these variables, until the block ends."""
    argv = [sys.executable, "-m", "tests.deployments.cli.warm"]
    with subprocess.Popen(
        argv, env=dict(environ), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        yield Warm(process)
        assert process.stdin is not None
        process.stdin.close()


def _serve() -> None:
    """Fork for each line on standard input; say the child's number, and then how it ended."""
    import deployments.cli.app  # noqa: F401 - this is what takes long; Prefect is left to each command, as it is in use

    gc.freeze()  # what a child does not look at is not copied for it
    while line := sys.stdin.readline():
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(**asked)
            return
        print(child, flush=True)  # noqa: T201
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def _become(arguments: list[str], environ: Mapping[str, str], files: list[str]) -> None:
    os.setsid()
    for number, file in enumerate((os.devnull, *files)):
        opened = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv[1:] = arguments
    runpy.run_module(COMMAND, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _serve()
