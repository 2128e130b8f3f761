"""What stands: PostgreSQL, supervisord with its programs, nginx; all in one folder, none of it as root."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from blocks import process
from blocks.embedded_postgres import EmbeddedPostgres
from blocks.home import Home, socket_folder
from blocks.platforms.supervisor import Supervisor
from examples.demo.waiting import wait_until, wait_until_listening
from examples.noteshub import configurations

DATABASE = "noteshub"
DATABASE_VARIABLE = "NOTESHUB_DATABASE_URL"
SLOTS = ("blue", "green", "amber")
DEFAULT_PORTS = {"blue": 8001, "green": 8002, "amber": 8003, "frontend": 3000, "public": 8080}
"""The runbook's ports; 127.0.0.1 only."""

STOP_S = 15.0
ENVIRONMENT = """\
# NotesHub "Environment Configuration"; APP_VERSION, DEPLOYMENT_ENV and PREVIOUS_VERSION follow each switch.
APP_VERSION={version}
DEPLOYMENT_ENV={slot}
PREVIOUS_VERSION=
DATABASE_URL={database}
"""


class Stack:
    """One NotesHub. `database_url`: a database that is there already; by default one of the stack's own is started."""

    slots = SLOTS
    default_ports = DEFAULT_PORTS

    def __init__(self, folder: Path, ports: dict[str, int] | None = None, database_url: str = "") -> None:
        self.folder = folder.resolve()
        self.run = socket_folder(self.folder / "run")
        self.ports = ports or dict(DEFAULT_PORTS)
        self._given_url = database_url
        self._home = Home(self.folder / "database")
        self._postgres = EmbeddedPostgres(self._home)

    @classmethod
    def attach(cls, folder: Path) -> Stack:
        """The stack that stands in this folder. Raises FileNotFoundError where there is none."""
        known = json.loads((folder / "stack.json").read_text())
        return cls(folder, known["ports"], known["database_url"])

    @property
    def database_url(self) -> str:
        """Where the programs find their database."""
        return self._given_url or self._postgres.url(DATABASE)

    @property
    def environment_file(self) -> Path:
        """`.env.production`."""
        return self.folder / ".env.production"

    @property
    def releases(self) -> Path:
        """A folder for each version that is kept."""
        return self.folder / "releases"

    @property
    def address(self) -> str:
        """Where users are."""
        return f"http://127.0.0.1:{self.ports['public']}"

    def slot_link(self, slot: str) -> Path:
        """The link to the release in the slot."""
        return self.folder / "slots" / slot

    def platform(self) -> Supervisor:
        """As `backout.yaml` describes it."""
        import yaml

        given = yaml.safe_load(configurations.backout(self))["applications"][0]["platform"]
        return Supervisor.model_validate(given)

    def start(self, version: str) -> None:
        """Start all but the slots, which are deployed to. `version`: what `.env.production` begins with.

        Raises CommandFailed, TimeoutError, FileNotFoundError where nginx is not installed.
        """
        self._lay_out(version)
        if not self._given_url:
            self._home.ensure()
            self._postgres.start()
            self._postgres.ensure_database(DATABASE)
        self._write(self.folder / "supervisord.conf", configurations.supervisord(self))
        self._write(self.folder / "nginx.conf", configurations.nginx(self))
        self._write(self.folder / "backout.yaml", configurations.backout(self))
        self._write(self.folder / "environment", self._shell())
        known = {"ports": self.ports, "database_url": self._given_url}
        self._write(self.folder / "stack.json", json.dumps(known))
        argv = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.folder / "supervisord.conf")]
        subprocess.run(argv, check=True, cwd=self.folder)
        wait_until((self.run / "supervisor.sock").exists, "supervisord")

    def start_nginx(self) -> None:
        """Once there is a slot to dial. Raises CalledProcessError, TimeoutError."""
        subprocess.run(configurations.nginx_command(self.folder), check=True)
        wait_until_listening(self.ports["public"], "nginx")

    def stop(self) -> None:
        """Stop everything; files stay. Nothing to do where it is down."""
        for name in ("nginx.pid", "supervisord.pid"):
            self._end(self.folder / name)
        if not self._given_url and self._postgres.is_running():
            self._postgres.start()
            self._postgres.stop()
        (self.folder / "stack.json").unlink(missing_ok=True)

    def remove(self) -> None:
        """Stop everything and remove the folder."""
        self.stop()
        for folder in (self.folder, self.run, self._postgres.sockets):
            shutil.rmtree(folder, ignore_errors=True)

    def _lay_out(self, version: str) -> None:
        for name in ("log", "slots", "releases", "cache", "uploads/notes", "nginx"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.run.mkdir(mode=0o700, exist_ok=True)
        text = ENVIRONMENT.format(version=version, slot=SLOTS[0], database=self.database_url)
        self._write(self.environment_file, text)

    def _write(self, file: Path, text: str) -> None:
        """A file that nobody else reads: most of them hold the database's address."""
        file.touch(mode=0o600)
        file.write_text(text)

    def _shell(self) -> str:
        variables = {DATABASE_VARIABLE: self.database_url, "BACKOUT_HOME": str(self.folder / "backout")}
        return "".join(f"export {name}='{value}'\n" for name, value in variables.items())

    def _end(self, pid_file: Path) -> None:
        """SIGTERM to the process that this file names; supervisord ends its programs with it."""
        if not pid_file.exists():
            return
        found = process.find(int(pid_file.read_text()))
        if found is not None:
            os.kill(found.pid, signal.SIGTERM)
            wait_until(lambda: not process.is_alive(found), pid_file.stem, STOP_S)
        pid_file.unlink(missing_ok=True)
