"""What stands around the application: PostgreSQL, Caddy, and the `backout.yaml` that tells Backout of it.

The slots are not started here: they belong to Backout's platform `processes`.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from blocks import process
from blocks.embedded_postgres import EmbeddedPostgres
from blocks.home import Home
from blocks.routers.caddy_files import TENTHS, lay_out
from blocks.slot_folder import SlotFolder
from examples.demo import document
from examples.demo.ports import free_ports
from examples.demo.proxy import Proxy
from examples.demo.schema import BROKEN_MIGRATIONS, MIGRATIONS

DATABASE = "flappyjournal"
DATABASE_VARIABLE = "DEMO_DATABASE_URL"
_STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Slot:
    """A place a release runs in: its name and the port it listens on."""

    name: str
    port: int

    @property
    def dial(self) -> str:
        """What the proxy dials, `HOST:PORT`."""
        return f"127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        """Where Backout asks this slot directly."""
        return f"http://{self.dial}"


@dataclass(frozen=True)
class Release:
    """A release for a slot: its version, and the fault it has (`none` for a good one).

    Attributes:
        migration: the folder of `broken_migrations` whose migration it brings; None where it brings none.
    """

    version: str
    fault: str = "none"
    migration: str | None = None

    @property
    def text_column(self) -> str:
        """Where it keeps the text of an entry: all broken migrations rename that column."""
        return "content" if self.migration else "body"

    @property
    def schema_version(self) -> str:
        """The newest of its migrations."""
        return "0002" if self.migration else "0001"


class Stack:
    """PostgreSQL and Caddy in one folder, on ports of their own; two stacks do not know of each other.

    `weighted`: Caddy has ten upstreams, so that traffic can be shared out between the slots.
    """

    def __init__(self, folder: Path, *, weighted: bool = False) -> None:
        self.folder = folder.resolve()
        self.weighted = weighted
        blue, green, public = free_ports(3)
        self.slots = {"blue": Slot("blue", blue), "green": Slot("green", green)}
        # A cluster of the application's own, apart from the one Backout keeps its records in.
        self._home = Home(self.folder / "database")
        self._postgres = EmbeddedPostgres(self._home)
        self.proxy = Proxy(self.folder / "caddy", public, *self._placeholders)

    @classmethod
    def attach(cls, folder: Path) -> Stack:
        """The stack another process left up in this folder; raises `FileNotFoundError` when there is none."""
        known = json.loads(_record(folder).read_text())
        stack = cls(folder, weighted=known.get("weighted", False))
        stack.slots = {name: Slot(name, port) for name, port in known["slots"].items()}
        stack.proxy.port = known["public"]
        return stack

    @property
    def active_file(self) -> Path:
        """The file that says which slot serves: one line, `HOST:PORT`, replaced by a rename; where weighted, a folder of ten."""
        return self.folder / "active"

    @property
    def router(self) -> dict[str, Any]:
        """The router's part of the `backout.yaml`."""
        place = {"folder" if self.weighted else "file": str(self.active_file)}
        return {"kind": "caddy_files" if self.weighted else "caddy_file", **place, "address": self.address}

    @property
    def address(self) -> str:
        """Where users reach the application."""
        return self.proxy.address

    @property
    def slots_folder(self) -> Path:
        """Where Backout's platform keeps a folder for each slot."""
        return self.folder / "slots"

    def state_folder(self, slot: str) -> Path:
        """Where the application of this slot keeps files of its own; a fault is put there."""
        return self.folder / "state" / slot

    def migrations_folder(self, version: str) -> Path:
        """Where a release's migrations are kept; `{release}` stands for any."""
        return self.folder / "releases" / version / "migrations"

    def lay_out(self, release: Release) -> Path:
        """Put the migrations of a release into their folder, as its image or its commit would hold them."""
        folder = self.migrations_folder(release.version)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(MIGRATIONS, folder)
        if release.migration:
            shutil.copytree(BROKEN_MIGRATIONS / release.migration, folder, dirs_exist_ok=True)
        return folder

    @property
    def database_url(self) -> str:
        """Where the slots find their database: a unix socket, no password."""
        return self._postgres.url(DATABASE)

    @property
    def environment(self) -> dict[str, str]:
        """The variables `backout.yaml` refers to; the document itself holds no address of a database."""
        return {DATABASE_VARIABLE: self.database_url}

    @property
    def configuration_file(self) -> Path:
        """The `backout.yaml` of this stack."""
        return self.folder / "backout.yaml"

    def up(self) -> Stack:
        """Start PostgreSQL and Caddy with blue as the serving slot; stops what it started when it cannot."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._point_at(self.slots["blue"])
        try:
            self._home.ensure()
            self._postgres.start()
            self._postgres.ensure_database(DATABASE)
            self.proxy.start()
            self._remember()
        except BaseException:
            self.down()
            raise
        return self

    def down(self) -> None:
        """Stop the slots, Caddy and PostgreSQL; files stay. Nothing to do when they are down already."""
        self.stop_slots()
        self.proxy.stop()
        if self._postgres.is_running():
            # Only who holds the cluster can stop it, and a stack that was attached does not hold it yet.
            self._postgres.start()
            self._postgres.stop()
        self._remove_socket_folders()
        _record(self.folder).unlink(missing_ok=True)

    def stop_slots(self) -> None:
        """Stop what Backout's platform started here, the serving slot too, which the platform itself never stops."""
        for name in self.slots:
            slot = SlotFolder(self.slots_folder / name)
            started = slot.started()
            process.stop(started.process if started else None, slot.mark, _STOP_SECONDS)

    def remove(self) -> None:
        """Stop everything and remove the folder."""
        self.down()
        shutil.rmtree(self.folder, ignore_errors=True)

    def write_backout_yaml(self, blue: Release, green: Release, **changes: Any) -> Path:
        """Lay these releases out and write their `backout.yaml`; `changes` replace keys of the application's entry."""
        for release in (blue, green):
            self.lay_out(release)
        application = document.application(self, {"blue": blue, "green": green}, sys.executable)
        text = yaml.safe_dump({"applications": [{**application, **changes}]}, sort_keys=False, width=110)
        self.configuration_file.write_text(text)
        return self.configuration_file

    def _remove_socket_folders(self) -> None:
        # A deep folder has its sockets outside of itself, see `socket_folder`: nobody else would remove those.
        # A cluster that another process still holds keeps its own.
        for folder in (self._home.run, self._postgres.sockets):
            if self.folder not in folder.parents and not self._postgres.is_running():
                shutil.rmtree(folder, ignore_errors=True)

    @property
    def _placeholders(self) -> list[str]:
        """What Caddy dials."""
        places = [self.active_file / str(number) for number in range(TENTHS)]
        return [f"{{file.{place}}}" for place in (places if self.weighted else [self.active_file])]

    def _point_at(self, slot: Slot) -> None:
        if self.weighted:
            lay_out(self.active_file, [slot.dial])
        else:
            self.active_file.write_text(slot.dial)

    def _remember(self) -> None:
        known = {
            "weighted": self.weighted,
            "slots": {slot.name: slot.port for slot in self.slots.values()},
            "public": self.proxy.port,
        }
        _record(self.folder).touch(mode=0o600)
        _record(self.folder).write_text(json.dumps(known, indent=2))


def _record(folder: Path) -> Path:
    return folder.resolve() / "stack.json"
