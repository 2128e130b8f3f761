"""A backup: `pg_dump` and an exact count, both of one moment, at the same time."""

import os
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from blocks.postgres import manifest as manifests
from blocks.postgres.backup_folder import Claim, backup_name, claimed
from blocks.postgres.copy_progress import Report, followed
from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
from blocks.postgres.snapshot import LOCK_WAIT_S, Census, Snapshot, counting, exported
from domain.database.backup import Manifest
from domain.database.progress import Progress
from domain.errors import BackupFailed, CommandFailed


@dataclass(frozen=True)
class Occasion:
    """Why a backup is made, and of what: all that only the caller knows."""

    application: str
    label: str
    release: str | None
    schema_version: str | None
    started: datetime

    def manifest(
        self, claim: Claim, server: Server, versions: tuple[int, str], at: datetime, census: Census
    ) -> Manifest:
        """What the files in the claim's folder hold. `versions`: the server's, as a number, and pg_dump's."""
        return Manifest(
            name=claim.name,
            application=self.application,
            database=server.database,
            label=self.label,
            release=self.release,
            server_version=f"{versions[0] // 10000}.{versions[0] % 10000}",
            dumped_with=versions[1],
            schema_version=self.schema_version,
            snapshot_at=at,
            started=self.started,
            ended=datetime.now(UTC),
            rows=census.rows,
            fingerprint=census.fingerprint,
            checksums=manifests.checksums(claim.partial),
            bytes=manifests.size(claim.partial),
        )


STATISTICS_SINCE = 180000
"""Since then a dump can hold the planner's statistics, and what is restored from it need not be analyzed."""


@dataclass(frozen=True)
class Dump:
    """What is dumped, by what, and how.

    Attributes:
        jobs: sessions that copy at the same time; through a pipe, out of a container or pod, it is one.
        compress: as `pg_dump --compress` takes it: `1`, `zstd:3`; None: its own default.
    """

    server: Server
    programs: Programs
    jobs: int
    compress: str | None
    progress: Report | None

    def write(self, target: Path) -> tuple[Snapshot, Census]:
        """Dump the present moment into an empty folder, and count it; the files are on disk when this returns.

        Raises:
            DatabaseUnreachable, ProgramUnfit: nothing was begun.
            CommandFailed: pg_dump failed.
            psycopg.Error: the count failed, and the dump was ended.
        """
        session = f"backout dump {secrets.token_hex(4)}"
        what = f"dumping {self.server.database}"
        with (
            exported(self.server) as snapshot,
            counting(snapshot) as census,
            followed(self.server, session, what, self.progress) as look,
        ):
            self._run(target, session, snapshot, lambda: look(_known(census)))
            return snapshot, census.result()

    def _run(self, target: Path, session: str, snapshot: Snapshot, on_tick: Callable[[], None]) -> None:
        whole = make_conninfo(self.server.address().get_secret_value(), application_name=session)
        address = SecretStr(whole)
        args = [f"--snapshot={snapshot.identifier}", f"--lock-wait-timeout={LOCK_WAIT_S * 1000}"]
        if snapshot.connection.info.server_version >= STATISTICS_SINCE:
            args.append("--statistics")
        args += [] if self.compress is None else [f"--compress={self.compress}"]
        if self.programs.on_this_host:
            args += ["--format=directory", f"--jobs={self.jobs}", f"--file={target}"]
            self.programs.run("pg_dump", args, address, on_tick=on_tick)
            return
        with (target / manifests.ARCHIVE).open("xb") as file:
            self.programs.run("pg_dump", [*args, "--format=custom"], address, stdout=file, on_tick=on_tick)
            os.fsync(file.fileno())


def back_up(  # noqa: PLR0913 -- what the manifest says is known to the caller only
    server: Server,
    programs: Programs,
    folder: Path,
    *,
    application: str,
    label: str,
    release: str | None,
    schema_version: str | None,
    jobs: int = 2,
    compress: str | None = None,
    progress: Report | None = None,
) -> Manifest:
    """Take a backup of the application's database. It appears in `folder` whole, with its manifest, or not at all.

    Args:
        server: where the database is; dumped as its owner.
        programs: `pg_dump`, in a version that can read this server.
        folder: where backups lie; made, closed to others, where it is missing.
        application: `app/environment`.
        label: why it is made; part of its name.
        release: what runs now.
        schema_version: the newest applied migration.
        jobs: as in `Dump`.
        compress: as in `Dump`.
        progress: called in this thread, about four times a second and at the end, with rows.

    Raises:
        DatabaseUnreachable: the server does not answer, or does not let us in.
        ProgramUnfit: pg_dump is missing or older than the server.
        BackupFailed: it broke off; nothing of it is left.
    """
    occasion = Occasion(application, label, release, schema_version, datetime.now(UTC))
    dump = Dump(server, programs, jobs, compress, progress)
    version = server.version()
    name = backup_name(server.database, label, occasion.started)
    with _told(server.database), ExitStack() as making:
        program = programs.check("pg_dump", version)
        claim = making.enter_context(claimed(folder, name))
        snapshot, census = dump.write(claim.partial)
        manifest = occasion.manifest(claim, server, (version, program.version), snapshot.at, census)
        manifests.write(claim.partial, manifest)
        claim.publish()
    _end(manifest, progress)
    return manifest


def _known(census: Future[Census]) -> dict[str, int] | None:
    """The counts as soon as they are there. Raises what the count failed with, which ends the dump."""
    return census.result().rows if census.done() else None


def _end(manifest: Manifest, progress: Report | None) -> None:
    rows = sum(manifest.rows.values())
    if progress:
        progress(Progress(done=rows, total=rows, what=f"dumping {manifest.database}"))


@contextmanager
def _told(database: str) -> Iterator[None]:
    """Every reason in the words of a backup."""
    try:
        yield
    except CommandFailed as error:
        raise BackupFailed(database, _said(error)) from error
    except psycopg.Error as error:
        raise BackupFailed(database, " ".join(str(error).split())) from error
    except OSError as error:
        raise BackupFailed(database, str(error)) from error


def _said(error: CommandFailed) -> str:
    """The program's own reason; where it was killed it had no time for one."""
    lines = error.output.splitlines()
    reason = next((line for line in lines if "error:" in line), lines[-1] if lines else "it said nothing")
    seen = error.exit_code_seen or 0
    return f"pg_dump was ended by signal {-seen}: {reason}" if seen < 0 else reason
