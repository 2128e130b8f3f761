"""The backups of a folder: which there are, what is wrong with one, and which may go."""

import shutil
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from blocks.postgres import manifest as manifests
from blocks.postgres.foreign_dump import SUFFIXES, damage, head, unlisted
from blocks.postgres.programs import Programs
from domain.database.backup import MANIFEST, Backup, Manifest
from domain.database.retention import Retention
from domain.errors import BackupUnusable

GOING = ".going-"


def listed(folder: Path) -> list[Backup]:
    """What lies there, newest first: our backups, and the dumps of others, unverified and with their head.

    Only heads and manifests are read: whether all the rest is good, `verify` finds. Raises OSError, except where
    the folder does not exist: then there is none.
    """
    if not folder.exists():
        return []
    entries = [path for path in folder.iterdir() if not path.name.startswith(".")]
    ours = [_ours(path) for path in entries if (path / MANIFEST).exists()]
    others = [_foreign(path) for path in entries if path.is_file() and path.name.endswith(SUFFIXES)]
    return sorted([*ours, *others], key=lambda backup: (backup.taken_at, backup.name), reverse=True)


def verify(backup: Backup, programs: Programs) -> Backup:
    """The backup with all its problems: each file read whole, and its table of contents by `pg_restore --list`."""
    path = Path(backup.path)
    if backup.manifest is None:
        # Problems of a manifest that cannot be read stay: without it nothing says what the files should be.
        found = backup.problems if path.is_dir() else damage(path, programs)
    else:
        found = [*_changed_files(path, backup.manifest), *unlisted(manifests.archive(path), programs)]
    return backup.model_copy(update={"problems": found})


def prune(folder: Path, retention: Retention, keep: Collection[str] = ()) -> list[str]:
    """Remove the backups that retention does not keep; their names. Never a dump that somebody else made.

    Args:
        folder: where backups lie.
        retention: how many stay.
        keep: names that stay in any case.

    Raises:
        OSError: one could not be removed.
    """
    for left in folder.glob(f"{GOING}*"):
        shutil.rmtree(left)
    gone = retention.superfluous(listed(folder), keep)
    for backup in gone:
        # In one step: half a backup under its own name would look like a broken one.
        going = Path(backup.path).rename(folder / f"{GOING}{backup.name}")
        shutil.rmtree(going)
    return [backup.name for backup in gone]


def _ours(path: Path) -> Backup:
    try:
        manifest = manifests.read(path)
    except BackupUnusable as error:
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        size = manifests.size(path)
        return Backup(
            name=path.name, path=str(path), taken_at=changed, bytes=size, problems=[*error.problems]
        )
    at = manifest.snapshot_at
    return Backup(name=path.name, path=str(path), taken_at=at, bytes=manifest.bytes, manifest=manifest)


def _foreign(path: Path) -> Backup:
    found = path.stat()
    lines, problems = head(path)
    return Backup(
        name=path.name,
        path=str(path),
        taken_at=datetime.fromtimestamp(found.st_mtime, UTC),
        bytes=found.st_size,
        head=lines,
        problems=problems,
    )


def _changed_files(folder: Path, manifest: Manifest) -> list[str]:
    """Files that are missing, were not there, or hold other bytes than when the backup was taken."""
    found, noted = manifests.checksums(folder), manifest.checksums
    missing = [f"file {name} is missing" for name in sorted(noted.keys() - found.keys())]
    more = [f"file {name} was not there when it was taken" for name in sorted(found.keys() - noted.keys())]
    other = [name for name in sorted(noted.keys() & found.keys()) if noted[name] != found[name]]
    return [*missing, *more, *(f"file {name} was changed: its checksum is another" for name in other)]
