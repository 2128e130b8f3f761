"""NotesHub's worker: `python -m examples.noteshub.worker`; it counts the notes of each department into the cache.

It works as the release that `.env.production` named when it was started.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from threading import Event

import psycopg

from blocks.environment_text import values
from examples.noteshub.notes import Notes

EVERY_S = 2.0


def main() -> None:
    """Count until SIGTERM."""
    stopping = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    version = values(Path(os.environ["ENVIRONMENT_FILE"]).read_text())["APP_VERSION"]
    notes = Notes(os.environ["DATABASE_URL"], "title")
    file = Path(os.environ["CACHE"]) / "departments.json"
    print(f"works as {version}", flush=True)
    while not stopping.wait(EVERY_S):
        try:
            _write(file, {"departments": notes.departments(), "counted_by": version})
        except (psycopg.Error, OSError) as error:
            print(f"ERROR not counted: {type(error).__name__}", file=sys.stderr, flush=True)


def _write(file: Path, counted: dict[str, object]) -> None:
    half = file.with_suffix(".half")
    half.write_text(json.dumps(counted))
    half.replace(file)


if __name__ == "__main__":
    main()
