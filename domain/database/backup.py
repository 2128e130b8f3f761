"""Backups: what one says about itself."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.names import ApplicationName

MANIFEST = "manifest.json"


class Manifest(BaseModel):
    """What a backup holds, written after everything else of it: a folder without one is not a backup.

    Attributes:
        name: its folder's, when it was made.
        label: why it was made: `manual`, `pre-migration`, `current-state`, `scheduled`.
        server_version: the server's, like `18.1`.
        dumped_with: the version of `pg_dump`.
        schema_version: the newest applied migration; None where none is recorded.
        snapshot_at: the server's clock just before the moment whose data the backup holds: what was committed earlier
            is in it.
        rows: `schema.table` -> exact count at that moment.
        fingerprint: digest of the schema (`domain.database.schema`) at that moment.
        checksums: file name -> SHA-256, hexadecimal.
        bytes: size of all files.
    """

    model_config = ConfigDict(frozen=True)

    name: str = ""
    application: ApplicationName
    database: str
    label: str
    release: str | None = None
    server_version: str
    dumped_with: str
    schema_version: str | None = None
    snapshot_at: datetime
    started: datetime
    ended: datetime
    rows: dict[str, int] = Field(default_factory=dict)
    fingerprint: str = ""
    checksums: dict[str, str] = Field(default_factory=dict)
    bytes: int = 0


class Backup(BaseModel):
    """A backup as it lies there.

    Attributes:
        name: its folder's or file's name, by which people choose it.
        path: where it is.
        manifest: None for a dump that somebody else made: it is unverified.
        head: the first lines of a dump that somebody else made, to see by what it is.
        problems: what is wrong with it, as far as was looked; empty where nothing is known to be.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    path: str
    taken_at: datetime
    bytes: int
    manifest: Manifest | None = None
    head: list[str] = Field(default_factory=list)
    problems: list[str] = Field(default_factory=list)

    @property
    def verified(self) -> bool:
        """Whether it says what it holds, and nothing speaks against it."""
        return self.manifest is not None and not self.problems
