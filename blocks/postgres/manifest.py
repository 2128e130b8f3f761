"""The files of a backup, and what its manifest says about them."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import ValidationError

from blocks.files import replace_file
from domain.database.backup import MANIFEST, Manifest
from domain.errors import BackupUnusable

ARCHIVE = "dump.custom"
"""The one file of a dump that came through a pipe: `pg_dump` writes folders only where it runs itself."""

THREADS = 2


def archive(folder: Path) -> Path:
    """What `pg_restore` reads of a backup: its one file, or the folder itself."""
    file = folder / ARCHIVE
    return file if file.exists() else folder


def read(folder: Path) -> Manifest:
    """The backup's manifest. Raises BackupUnusable where there is none that can be read."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except OSError as error:
        raise BackupUnusable(folder.name, [f"{MANIFEST}: {error.strerror}"]) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BackupUnusable(
            folder.name, [f"{MANIFEST} cannot be read: {where} {first['msg']}".replace("  ", " ")]
        ) from error


def write(folder: Path, manifest: Manifest) -> None:
    """Put it there, on disk when this returns, closed to other users. Raises OSError."""
    replace_file(folder / MANIFEST, manifest.model_dump_json(indent=2).encode() + b"\n")


def files(folder: Path) -> dict[str, Path]:
    """The dump's files by their names in the folder, the manifest left out."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in found}
    return {name: path for name, path in named.items() if name != MANIFEST}


def checksums(folder: Path) -> dict[str, str]:
    """File name -> SHA-256, hexadecimal. Raises OSError."""
    of = files(folder)
    with ThreadPoolExecutor(THREADS) as pool:
        return dict(zip(of, pool.map(_checksum, of.values()), strict=True))


def size(folder: Path) -> int:
    """Bytes of the dump's files."""
    return sum(path.stat().st_size for path in files(folder).values())


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
