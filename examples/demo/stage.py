"""Where the demo plays: one folder with a Backout and an application of its own, and nothing of the user's."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from blocks import process
from blocks.embedded_postgres import EmbeddedPostgres
from blocks.files import tail
from blocks.home import Home
from blocks.installation import serving
from deployments.serving import Serving
from domain.errors import CommandFailed
from examples.demo.interruption import Interruption
from examples.demo.stack import Stack

_CHECKOUT = Path(__file__).resolve().parents[2]
_FOREIGN = ("PREFECT_", "BACKOUT_", "ROLLBACK_", "FORCE_ROLLBACK")
_MARK = "BACKOUT_DEMO_FOLDER"
_SERVE_SECONDS = 150.0
_COMMAND_SECONDS = 60.0
_DRAIN_SECONDS = 40.0
_LOOK_SECONDS = 0.05
_KILL_SECONDS = 10.0


class Stage:
    """The folder, what runs in it, and the commands given to it."""

    def __init__(self, folder: Path, stack: Stack | None = None) -> None:
        self.folder = folder.resolve()
        self.stack = stack or Stack(self.folder / "stack")
        self.home = Home(self.folder / "home")
        self._postgres = EmbeddedPostgres(self.home)
        self._serve: subprocess.Popen[bytes] | None = None

    @classmethod
    def new(cls) -> Stage:
        """An empty one, below the user's folder for temporary files."""
        return cls(Path(tempfile.mkdtemp(prefix="backout-demo-")))

    @classmethod
    def attach(cls, folder: Path) -> Stage:
        """The one another process left up in this folder; raises `FileNotFoundError` when there is none."""
        return cls(folder, Stack.attach(folder / "stack"))

    @property
    def reports(self) -> Path:
        """What stays when the demo is over: reports, evidence, messages."""
        return self.folder / "reports"

    @property
    def logs(self) -> Path:
        """What programs said; stays when the demo failed."""
        return self.folder / "logs"

    @property
    def serve_log(self) -> Path:
        """What `backout serve` said."""
        return self.logs / "serve.log"

    def own_environment(self) -> dict[str, str]:
        """What makes a process, and its Prefect, one of this stage."""
        return {
            **self.stack.environment,
            "BACKOUT_HOME": str(self.home.root),
            "BACKOUT_API_PORT": "0",
            "PREFECT_HOME": str(self.home.prefect),
            "MPLCONFIGDIR": str(self.folder / "matplotlib"),
        }

    def enter(self) -> None:
        """Make this process one of the stage: forget the user's own Prefect and Backout."""
        for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
            del os.environ[name]
        os.environ.update(self.own_environment())

    def write_shell_file(self) -> Path:
        """A file that makes a person's shell one of this stage, by `. FILE`."""
        file = self.folder / "environment"
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in self.own_environment().items()]
        file.write_text("".join(lines))
        return file

    def start_serve(self) -> None:
        """Start `backout serve`; it gets ready on its own."""
        self.logs.mkdir(mode=0o700)
        self.reports.mkdir(mode=0o700)
        self.home.ensure()
        # Held by this process as well: the end can stop all of `serve`, and then the database in its own way.
        self._postgres.start()
        with self.serve_log.open("wb") as output:
            self._serve = self._spawn(["serve"], output)

    def wait_until_served(self, interruption: Interruption) -> Serving:
        """What the ready `serve` says about itself; raises `CommandFailed`, `TimeoutError`, `Interrupted`."""
        return interruption.wait_for(self._served, "backout serve", _SERVE_SECONDS)

    def backout(self, interruption: Interruption, *arguments: str) -> str:
        """Run one command of Backout's CLI, as a person or a CI would; its output. Raises `CommandFailed`."""
        with tempfile.TemporaryFile("w+b") as output:
            command = self._spawn(list(arguments), output)
            try:
                interruption.wait_for(
                    lambda: command.poll() is not None, f"backout {arguments[0]}", _COMMAND_SECONDS
                )
            finally:
                command.kill()
                command.wait()
            output.seek(0)
            said = output.read().decode(errors="replace")
        if command.returncode != 0:
            raise CommandFailed(["backout", *arguments], command.returncode, said)
        return said

    def down(self) -> None:
        """Stop everything that runs here, whoever started it. Files stay."""
        self._end_serve()
        process.stop(None, f"{_MARK}={self.folder}", _KILL_SECONDS)
        self.stack.down()
        if self._postgres.is_running():
            self._postgres.start()
            self._postgres.stop()
        for folder in (self.home.run, self._postgres.sockets):
            if self.folder not in folder.parents:
                shutil.rmtree(folder, ignore_errors=True)

    def clear(self, *kept: Path) -> None:
        """Remove the folder, but for what is kept of it."""
        for entry in self.folder.iterdir() if self.folder.exists() else ():
            if entry not in kept:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        with suppress(OSError):
            self.folder.rmdir()

    def last_words(self, lines: int) -> str:
        """The end of what `serve` said."""
        try:
            return "\n".join(tail(self.serve_log, lines))
        except OSError:
            return ""

    def gather_logs(self) -> None:
        """Copy what all programs said to `logs`, before their folders go."""
        self.logs.mkdir(mode=0o700, exist_ok=True)
        for log in [*self.home.logs.glob("*.log"), *self.stack.folder.glob("caddy/*.log")]:
            shutil.copy(log, self.logs)
        for log in self.stack.slots_folder.glob("*/log"):
            shutil.copy(log, self.logs / f"slot-{log.parent.name}.log")

    def _spawn(self, arguments: list[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "deployments.cli", *arguments],
            cwd=_CHECKOUT,
            env={**os.environ, _MARK: str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A Ctrl-C in the terminal is the demo's: it ends the others in the right order.
            start_new_session=True,
        )

    def _served(self) -> Serving | None:
        found = serving(self.home)
        if found is None and self._serve is not None and self._serve.poll() is not None:
            raise CommandFailed(["backout", "serve"], self._serve.returncode, "its log ends:")
        return Serving(**found) if found else None

    def _end_serve(self) -> None:
        """Ask `serve` to end. A ready one gets the time to finish its runs; one that still starts has none."""
        ready = serving(self.home)
        pid = self._serve.pid if self._serve else ready["pid"] if ready else None
        running = process.find(pid) if pid else None
        if running is None:
            return
        os.kill(running.pid, signal.SIGTERM)
        deadline = time.monotonic() + (_DRAIN_SECONDS if ready else 0.0)
        while process.is_alive(running) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
