"""NotesHub's backend, one slot: `python -m examples.noteshub.application --release LINK --port N --socket FILE`.

It answers on the port, where people and checks ask it, and on the socket, where nginx does. The environment gives
`SLOT`, `DATABASE_URL`, `UPLOADS` and `CACHE`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from http import HTTPStatus
from pathlib import Path
from threading import Timer
from typing import Any

import psycopg

from examples.noteshub.health import health
from examples.noteshub.notes import Notes
from examples.noteshub.release import Fault, Release, fault_of
from examples.noteshub.server import Answer, Requests, serve

SLOW_S = 4.0
CRASH_AFTER_S = 2.0
NOTE = re.compile(r"/api/notes/(\d+)")


class Backend:
    """One release in one slot."""

    def __init__(
        self, release: Release, folder: Path, slot: str, notes: Notes, uploads: Path, cache: Path
    ) -> None:
        self.release = release
        self._folder = folder
        self.slot = slot
        self._notes = notes
        self._uploads = uploads
        self._cache = cache
        self._asked = 0

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """One request. What the database refuses is a 503."""
        fault = fault_of(self.release, self._folder)
        if fault is Fault.CRASH and self.release.fault is not Fault.CRASH:
            _crash()
        if path.startswith("/api/"):
            if trouble := self._trouble(fault):
                return trouble
            try:
                return self._api(method, path, body)
            except psycopg.Error as error:
                say(f"ERROR database: {type(error).__name__}")
                return HTTPStatus.SERVICE_UNAVAILABLE, {"detail": "the database does not answer"}
        if path == "/health":
            spoiled = fault is Fault.UNHEALTHY
            return health(self.release.version, self._notes, self._uploads, spoiled=spoiled)
        if path == "/":
            return HTTPStatus.OK, {"name": "NotesHub", "version": self.release.version, "slot": self.slot}
        return HTTPStatus.NOT_FOUND, {"detail": "there is no such page"}

    def _trouble(self, fault: Fault) -> Answer | None:
        """What a bad release does to each request, or to every third."""
        self._asked += 1
        if fault is Fault.SLOW:
            time.sleep(SLOW_S)
        if fault is Fault.ERRORS and self._asked % 3 == 0:
            say("ERROR TypeError: 'NoneType' object is not subscriptable")
            return HTTPStatus.INTERNAL_SERVER_ERROR, {"detail": "internal error"}
        return None

    def _api(self, method: str, path: str, body: bytes) -> Answer:
        if path == "/api/departments":
            return HTTPStatus.OK, self._departments()
        if path == "/api/notes":
            return self._add(body) if method == "POST" else (HTTPStatus.OK, {"notes": self._notes.newest()})
        if match := NOTE.fullmatch(path):
            return self._one(method, int(match[1]))
        return HTTPStatus.NOT_FOUND, {"detail": "there is no such thing"}

    def _add(self, body: bytes) -> Answer:
        try:
            given = json.loads(body)
            note = self._notes.add(str(given["title"]), str(given["department"]), int(given["year"]))
        except (ValueError, KeyError, TypeError) as error:
            return HTTPStatus.UNPROCESSABLE_ENTITY, {"detail": f"title, department, year: {error}"}
        return HTTPStatus.CREATED, {"id": note}

    def _one(self, method: str, note: int) -> Answer:
        if method == "DELETE":
            found = self._notes.remove(note)
            return HTTPStatus.OK if found else HTTPStatus.NOT_FOUND, {"removed": found}
        read = self._notes.get(note)
        return (HTTPStatus.OK, read) if read else (HTTPStatus.NOT_FOUND, {"detail": "there is no such note"})

    def _departments(self) -> dict[str, Any]:
        """What the worker counted, where it did; else counted now."""
        try:
            kept: dict[str, Any] = json.loads((self._cache / "departments.json").read_text())
        except (OSError, ValueError):
            return {"departments": self._notes.departments(), "counted_by": self.release.version}
        return kept


def say(line: str) -> None:
    """A line of the slot's log."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description="NotesHub's backend")
    parser.add_argument("--release", type=Path, required=True, help="the link to the release's folder")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--socket", type=Path, required=True)
    given = parser.parse_args()
    release = Release.of(given.release)
    if release.fault is Fault.BROKEN:
        say("ERROR ImportError: cannot import name 'notes' from 'backend.routers'")
        sys.exit(1)
    if release.fault is Fault.CRASH:
        Timer(CRASH_AFTER_S, _crash).start()
    notes = Notes(os.environ["DATABASE_URL"], release.title_column)
    folder = given.release.resolve()
    backend = Backend(
        release, folder, os.environ["SLOT"], notes, Path(os.environ["UPLOADS"]), Path(os.environ["CACHE"])
    )
    say(f"NotesHub {release.version} listens on {given.port}")
    serve(Requests(backend.answer), given.port, given.socket)


def _crash() -> None:
    say("ERROR out of memory")
    os._exit(1)


if __name__ == "__main__":
    main()
