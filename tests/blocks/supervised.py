"""A real supervisord of a test's own, and what runs under it."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from blocks import process
from tests.blocks.waiting import wait_until

PIP = [sys.executable, "-m", "supervisor.supervisord"]
DEBIAN = ["/usr/bin/supervisord"]
SUPERVISORCTL = [sys.executable, "-m", "supervisor.supervisorctl"]

HEAD = """\
[supervisord]
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}
nodaemon=true

[unix_http_server]
file={folder}/supervisor.sock
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{folder}/supervisor.sock
"""
PROGRAM = """
[program:{name}]
command={command}
directory={directory}
environment={environment}
redirect_stderr=true
stdout_logfile={folder}/{name}.log
autostart=false
autorestart=false
startsecs=1
startretries=1
stopwaitsecs=5
"""


@dataclass(frozen=True)
class Run:
    """One program. `more`: further settings of its section, later ones count."""

    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)


class Supervisord:
    """Runs these programs; none is started by itself."""

    def __init__(self, directory: Path, program: Sequence[str] = PIP) -> None:
        # A short path: a unix socket's has 107 bytes.
        self.folder = Path(mkdtemp(prefix="backout-sup-", dir="/tmp"))
        self.socket = self.folder / "supervisor.sock"
        self.configuration = self.folder / "supervisord.conf"
        self._directory = directory
        self._program = list(program)
        self._process: process.Process | None = None

    def write(self, programs: Mapping[str, Run]) -> None:
        """Its configuration."""
        sections = [self._section(name, run) for name, run in programs.items()]
        self.configuration.write_text(HEAD.format(folder=self.folder) + "".join(sections))

    def start(self) -> None:
        """Until it answers."""
        argv = [*self._program, "-c", str(self.configuration)]
        log = self.folder / "output.log"
        self._process = process.start(argv, cwd=self.folder, env={"PATH": "/usr/bin:/bin"}, log=log)
        wait_until(self.socket.exists, f"supervisord, see {log}")

    def stop(self) -> None:
        """It, and all that it started."""
        process.stop(self._process, f"no mark {self.folder}", 10)
        self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def _section(self, name: str, run: Run) -> str:
        environment = ",".join(f'{key}="{value}"' for key, value in run.environment.items())
        text = PROGRAM.format(
            name=name, command=" ".join(run.command), directory=self._directory, environment=environment,
            folder=self.folder,
        )  # fmt: skip
        settings = {key: value for key, _, value in (line.partition("=") for line in text.splitlines()[2:])}
        lines = [f"{key}={value}" for key, value in {**settings, **run.more}.items()]
        return "\n".join(["", text.splitlines()[1], *lines, ""])
