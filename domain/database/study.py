"""What was seen of a database before anything is decided about it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from domain.database.backup import Backup
from domain.database.migration import SchemaStatus
from domain.database.rehearsal import Rehearsal, RowsAtRisk
from domain.database.wish import DataState
from domain.findings import Finding


class Beside(BaseModel):
    """A backup that was restored beside the live database, and looked at.

    Attributes:
        backup: the backup's name.
        database: the new database's name.
        verified: whether a manifest said what it must hold, and it does.
        rows: `schema.table` -> rows in it.
        missing: rows of the live database that it does not hold in the same form: written since, or corrupted.
    """

    model_config = ConfigDict(frozen=True)

    backup: str
    database: str
    verified: bool
    rows: dict[str, int] = Field(default_factory=dict)
    missing: list[RowsAtRisk] = Field(default_factory=list)


class Study(BaseModel):
    """What a plan for the database rests on; kept in the journal with it.

    Attributes:
        wanted: the schema version the target release declares; None where it declares none.
        target_fits: whether the target is healthy on the schema as it is now; None where it was not looked at.
        rehearsal: the down steps on a clone; None where there was nothing to rehearse.
        no_way_down: why there is none, where it could not even be rehearsed.
        backups: newest first.
        beside: a backup that stands ready beside; None where none was restored.
        no_restore: why none could be.
        kept: databases that earlier swaps kept, newest first.
        missing: what the kept database that would be swapped back does not hold.
        findings: health, sessions, the application's own queries.
        data: what the findings say of the data; None where that was not asked.
        stops_application: whether the application is stopped while its database is changed.
    """

    model_config = ConfigDict(frozen=True)

    database: str
    status: SchemaStatus
    wanted: str | None = None
    target_fits: bool | None = None
    rehearsal: Rehearsal | None = None
    no_way_down: str = ""
    backups: list[Backup] = Field(default_factory=list)
    beside: Beside | None = None
    no_restore: str = ""
    kept: list[str] = Field(default_factory=list)
    missing: list[RowsAtRisk] = Field(default_factory=list)
    findings: list[Finding] = Field(default_factory=list)
    data: DataState | None = None
    stops_application: bool = False
