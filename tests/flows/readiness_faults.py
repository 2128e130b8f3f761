"""What keeps the demo's application from going back: each is broken within a block, and mended after it.

A block yields what changes in the application's document for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from blocks.store import readiness as kept
from domain.outcomes import Outcome
from domain.release import Release
from tests.flows.demo_stage import DemoScene

INCIDENT = "20261101-000000-journal"


@contextmanager
def quarantined(scene: DemoScene) -> Iterator[dict[str, Any]]:
    with scene.installation() as here:
        here.store.quarantine(scene.name, "1.0", INCIDENT)
        yield {}
        here.store.quarantine(scene.name, "1.0", None)


@contextmanager
def never_served(scene: DemoScene) -> Iterator[dict[str, Any]]:
    statement = "UPDATE releases SET served_since = %s WHERE application = %s AND version = '1.0'"
    with scene.installation() as here:
        [old] = [row for row in here.store.releases(scene.name) if row.version == "1.0"]
        for since in (None, old.served_since):
            with here.store.database.transaction() as connection:
                connection.execute(statement, [since, scene.name])
            if since is None:
                yield {}


@contextmanager
def gone(scene: DemoScene) -> Iterator[dict[str, Any]]:
    """The newest release that served before is in no slot any more."""
    at = datetime(2026, 11, 1, 12, tzinfo=UTC)
    with scene.installation() as here:
        record = Release(application=scene.name, version="1.5", recorded_at=at, schema_version="0001")
        here.store.record(record)
        here.store.served(scene.name, "1.5", at)
        yield {}
        here.store.quarantine(scene.name, "1.5", INCIDENT)


@contextmanager
def old_backup(_scene: DemoScene) -> Iterator[dict[str, Any]]:
    yield {"readiness": {"backup_max_age_h": 1e-9}}


@contextmanager
def damaged_backup(scene: DemoScene) -> Iterator[dict[str, Any]]:
    file = next(path for path in Path(scene.backups()[0].path).rglob("*.dat*") if path.name != "toc.dat")
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    scene.read_backup()
    yield {}
    file.write_bytes(whole)
    scene.read_backup()


@contextmanager
def route_lost(scene: DemoScene) -> Iterator[dict[str, Any]]:
    text = scene.demo.active.read_text()
    scene.demo.active.unlink()
    yield {}
    scene.demo.active.write_text(text)


@contextmanager
def held_by_the_dead(scene: DemoScene) -> Iterator[dict[str, Any]]:
    with scene.installation() as here:
        case = scene.case(here, "who died with it")
        scene.holder_died()
        yield {}
        here.store.close(case.hold, Outcome.HELD)


@contextmanager
def dead_channel(scene: DemoScene) -> Iterator[dict[str, Any]]:
    file = scene.folder / "a file"
    file.touch()
    yield {"channels": [{"kind": "logfile", "path": str(file / "messages.log")}]}


@contextmanager
def no_secret(_scene: DemoScene) -> Iterator[dict[str, Any]]:
    yield {"description": "${A_SECRET_THAT_NOBODY_SET}"}


@contextmanager
def failed_rehearsal(scene: DemoScene) -> Iterator[dict[str, Any]]:
    with scene.installation() as here:
        good = kept.rehearsal_of(here.store.database, scene.name, "0002", "0001")
        assert good is not None
        bad = good.model_copy(update={"failed": "0002: column is there twice"})
        kept.rehearsed(here.store.database, scene.name, bad)
        yield {}
        kept.rehearsed(here.store.database, scene.name, good)


FAULTS = {
    "target": quarantined,
    "target, never served": never_served,
    "artifact": gone,
    "backup": old_backup,
    "restorable": damaged_backup,
    "router": route_lost,
    "lock": held_by_the_dead,
    "channels": dead_channel,
    "credentials": no_secret,
    "rehearsal": failed_rehearsal,
}
