"""Releases, the slots they are in, and where an application stands."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.findings import Finding, all_ok
from domain.names import ApplicationName, Version


class Release(BaseModel):
    """What can be run again, as it was recorded.

    Attributes:
        slot: where it was deployed to last.
        images: service -> digest.
        configuration_hash: SHA-256 of the configuration it ran with.
        served_since: when traffic was first seen on it; None where it never served.
        quarantined_by: the incident that rolled back from it; None where it may be deployed.
    """

    model_config = ConfigDict(frozen=True)

    application: ApplicationName
    version: Version
    slot: str | None = None
    commit: str | None = None
    images: dict[str, str] = Field(default_factory=dict)
    configuration_hash: str | None = None
    schema_version: str | None = None
    recorded_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    recorded_by: str = ""
    served_since: datetime | None = None
    quarantined_by: str | None = None


class Slot(BaseModel):
    """A place a release is deployed to, as the platform sees it now.

    Attributes:
        version: the release in it, as the platform knows it; None where it holds none.
        address: base URL of the slot itself, past the router; None where it has none of its own.
        since: when it was started.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    version: str | None = None
    running: bool = False
    address: str | None = None
    since: datetime | None = None
    restarts: int = 0
    detail: str = ""


class Usage(BaseModel):
    """What a slot's processes use: resident memory now, in MB, and CPU time since they started, in seconds."""

    model_config = ConfigDict(frozen=True)

    memory_mb: float
    cpu_s: float


class Survey(BaseModel):
    """Where an application stands at one moment.

    Attributes:
        serving: the slot that has the traffic; None where the router points nowhere known.
        findings: slot -> its findings, seen at the slot's own address.
        through_router: the findings a user would have.
        database: what was seen of the database; it tells nothing about a slot.
        schema_version: the database's, None where there is no database or it does not answer.
    """

    model_config = ConfigDict(frozen=True)

    application: ApplicationName
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    slots: list[Slot]
    serving: str | None
    findings: dict[str, list[Finding]] = Field(default_factory=dict)
    through_router: list[Finding] = Field(default_factory=list)
    database: list[Finding] = Field(default_factory=list)
    schema_version: str | None = None

    def slot(self, name: str | None) -> Slot | None:
        """The slot of this name, or None."""
        return next((slot for slot in self.slots if slot.name == name), None)

    def holding(self, version: str) -> Slot | None:
        """The slot that holds this release, or None; the serving one where several do."""
        holders = [slot for slot in self.slots if slot.version == version]
        return next((slot for slot in holders if slot.name == self.serving), holders[0] if holders else None)

    def healthy(self, slot: str) -> bool:
        """True where every finding at the slot's own address is ok, and there is one."""
        return all_ok(self.findings.get(slot, ()))
