"""Blue and green as programs of a real supervisord behind a real Caddy, and what tests ask of them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import run
from typing import Any

from blocks.platforms.contract import Standing
from blocks.platforms.supervisor import Supervisor
from examples.demo.ports import free_ports
from tests.blocks.caddy import Caddy
from tests.blocks.conftest import upstream_command
from tests.blocks.platforms.contract import SECRET, look
from tests.blocks.routers.configurations import write_json
from tests.blocks.supervised import SUPERVISORCTL, Run, Supervisord

RELEASES = {"blue": "2.0", "green": "1.0"}
NEXT = "3.0"
"""Built, and in no slot."""

ENVIRONMENT = """\
# of NotesHub
APP_VERSION=2.0
DEPLOYMENT_ENV="blue"  # who serves
PREVIOUS_VERSION=1.0
DATABASE_URL=postgresql://notes:correct-horse@db/notes
"""


class Stand:
    """supervisord and Caddy; `fresh` begins each test anew on them."""

    def __init__(self, folder: Path, supervisord: Supervisord, caddy: Caddy) -> None:
        self.folder = folder
        self.supervisord = supervisord
        self.environment_file = folder / ".env.production"
        self.ports = dict(zip(RELEASES, free_ports(2), strict=True))
        self.address = caddy.address
        for version in (*RELEASES.values(), NEXT):
            (folder / "releases" / version).mkdir(parents=True)
        programs = {f"shop-{slot}": _slot(slot, port) for slot, port in self.ports.items()}
        supervisord.write({**programs, **OTHERS})

    def settings(self, **changes: Any) -> dict[str, Any]:
        """As `backout.yaml` would give them."""
        server = {
            "socket": str(self.supervisord.socket),
            "configuration_file": str(self.supervisord.configuration),
        }
        return {
            "kind": "supervisor",
            "supervisord": server,
            "start_timeout_s": 4,
            "stop_timeout_s": 10,
            "releases": str(self.folder / "releases"),
            "environment_file": str(self.environment_file),
            "slots": {slot: self._settings_of(slot) for slot in RELEASES},
            "router": {"kind": "caddy_file", "file": str(self.folder / "active"), "address": self.address},
            **changes,
        }

    def fresh(self) -> Supervisor:
        """Blue serves, green is down and has printed nothing."""
        platform = Supervisor.model_validate(self.settings())
        (self.folder / "active").write_text(platform.upstreams()["blue"])
        self.environment_file.write_text(ENVIRONMENT)
        for file in (*self.folder.glob("*.unhealthy"), *self.folder.glob(".env.production.*")):
            file.unlink()
        platform.stop("green")
        for slot, version in RELEASES.items():
            platform.supervisord.host.link(self.folder / slot, f"releases/{version}")
        for log in self.supervisord.folder.glob("*.log"):
            log.write_bytes(b"")  # supervisord appends; its own `clear` takes a second a program
        assert isinstance(platform.prepare("blue", look), Standing)
        return platform

    def ctl(self, *arguments: str) -> str:
        """As a person with a terminal."""
        argv = [*SUPERVISORCTL, "-c", str(self.supervisord.configuration), *arguments]
        return run(argv, capture_output=True, text=True, check=False).stdout

    def _settings_of(self, slot: str) -> dict[str, Any]:
        return {
            "programs": [f"shop-{slot}"],
            "address": f"http://127.0.0.1:{self.ports[slot]}",
            "release_link": str(self.folder / slot),
        }


def _slot(slot: str, port: int) -> Run:
    given = {"SLOT": slot, "APP_VERSION": RELEASES[slot], "DATABASE_URL": SECRET}
    return Run(upstream_command(port), given)


def _shell(text: str) -> list[str]:
    return ["/bin/sh", "-c", f'"{text}"']


SLOW_TO_TRUST = {"startretries": "0", "startsecs": "5"}
"""What ends within five seconds was never up."""

OTHERS = {
    "worker": Run(["/bin/sleep", "600"]),
    "crasher": Run(_shell("echo no luck with $TOKEN; exit 3"), {"TOKEN": SECRET}, SLOW_TO_TRUST),
    "stumbler": Run(_shell("exit 3"), more={**SLOW_TO_TRUST, "startretries": "100"}),
    "missing": Run(["/no/such/program"]),
    "stubborn": Run(_shell("trap : TERM; while :; do sleep 1; done"), more={"stopwaitsecs": "2"}),
    "colours": Run(_shell(r"printf '\\033[31mred\\033[0m\\n'; exec sleep 600")),
}
"""What else is in the configuration, for tests that need it."""


@contextmanager
def standing(folder: Path, program: list[str]) -> Iterator[Stand]:
    """Both up, with nothing started yet."""
    caddy, supervisord = Caddy(folder / "caddy"), Supervisord(folder, program)
    try:
        stand = Stand(folder, supervisord, caddy)
        caddy.start(write_json(caddy, f"{{file.{folder}/active}}"))
        supervisord.start()
        yield stand
    finally:
        supervisord.remove()
        caddy.stop()


def kill(platform: Supervisor, slot: str) -> None:
    """As `kill -9` does."""
    known = platform.supervisord.control().programs()
    pid = known[platform.programs[slot].programs[0]].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
