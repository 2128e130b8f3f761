"""Releases, the slots they are in, and where an application stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.findings import Finding, all_ok
from domain.names import ApplicationName, Version

FLAG = "flag:"
"""What a part's name begins with that is a feature flag."""


class Release(BaseModel):
    """What can be run again, as it was recorded.

    Attributes:
        slot: where it was deployed to last.
        commit: of the repository it was built from.
        images: service -> digest.
        configuration: name -> SHA-256 of what it was configured with, secrets masked before.
        configuration_hash: SHA-256 of the configuration it ran with.
        schema_fingerprint: SHA-256 of the schema itself, which says more than its version.
        migrations: the versions that its deploy brought, oldest first.
        why: what whoever deployed it said.
        incident: its deploy; None where it was recorded by hand, or only seen.
        served_since: when traffic was first seen on it; None where it never served.
        good_since, good_until: it served within its objectives, seen from then to then; None where nobody saw that.
        good_by: the incident whose watch saw it, or `the watch` of `backout serve`.
        quarantined_by: the incident that rolled back from it; None where it may be deployed.
    """

    model_config = ConfigDict(frozen=True)

    application: ApplicationName
    version: Version
    slot: str | None = None
    commit: str | None = None
    images: dict[str, str] = Field(default_factory=dict)
    configuration: dict[str, str] = Field(default_factory=dict)
    configuration_hash: str | None = None
    schema_version: str | None = None
    schema_fingerprint: str | None = None
    migrations: list[str] = Field(default_factory=list)
    why: str = ""
    incident: str | None = None
    recorded_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    recorded_by: str = ""
    served_since: datetime | None = None
    good_since: datetime | None = None
    good_until: datetime | None = None
    good_by: str | None = None
    quarantined_by: str | None = None


SEEN_SINCE = {"served_since", "good_since", "good_until", "good_by", "quarantined_by"}
"""What is found out about a release after it was recorded, and stays when it is recorded again."""


class Identity(BaseModel):
    """What a slot's release is made of, as its platform can tell.

    Attributes:
        images: service, container or program -> digest.
        commit: of the repository; None where there is none.
    """

    model_config = ConfigDict(frozen=True)

    images: dict[str, str] = Field(default_factory=dict)
    commit: str | None = None


class Slot(BaseModel):
    """A place a release is deployed to, as the platform sees it now.

    Attributes:
        version: the release in it, as the platform knows it; None where it holds none.
        also: other names the release is asked for by: a commit, a phase.
        address: base URL of the slot itself, past the router; None where it has none of its own.
        since: when it was started.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    version: str | None = None
    also: list[str] = []
    running: bool = False
    address: str | None = None
    since: datetime | None = None
    restarts: int = 0
    detail: str = ""


class Part(BaseModel):
    """What can be taken back alone: a component, the configuration (`config`), or a feature flag (`flag:NAME`).

    Attributes:
        name: as `--only` takes it.
        release: what it runs now: a release of the application, a kept configuration, `on` or `off`.
        detail: one line for a person: since when, which image.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    release: str | None = None
    detail: str = ""


def flag_part(name: str) -> str:
    """The part that a flag is, as `--only` takes it: a person may leave `flag:` out."""
    return name if name.startswith(FLAG) else f"{FLAG}{name}"


class Usage(BaseModel):
    """What a slot's processes use.

    Attributes:
        memory_mb: resident memory now.
        cpu_s: CPU time since they started, in seconds; None where only `cores` is told.
        cores: how many cores they use now; None where only `cpu_s` is told.
    """

    model_config = ConfigDict(frozen=True)

    memory_mb: float
    cpu_s: float | None = None
    cores: float | None = None


class Survey(BaseModel):
    """Where an application stands at one moment.

    Attributes:
        serving: the slot that has the traffic; None where the router points nowhere known. Where traffic is shared out, the
            slot that a rollback takes it from (`domain.shares.with_origin`), once that is worked out.
        shares: slot -> per cent of the traffic, where it is shared out; empty where one slot has all of it.
        findings: slot -> its findings, seen at the slot's own address.
        through_router: the findings a user would have.
        clues: what says why it is so, and decides nothing: error lines of the serving slot's log.
        database: what was seen of the database; it tells nothing about a slot.
        schema_version: the database's, None where there is no database or it does not answer.
        whole: where a part alone is surveyed: the release that the part was deployed with last; None for the whole.
        parts: what each part runs; empty where the platform has none.
        half: the slot that was begun to be put in the place of the serving one, and never came to its end.
    """

    model_config = ConfigDict(frozen=True)

    application: ApplicationName
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    slots: list[Slot]
    serving: str | None
    shares: dict[str, int] = Field(default_factory=dict)
    findings: dict[str, list[Finding]] = Field(default_factory=dict)
    through_router: list[Finding] = Field(default_factory=list)
    clues: list[Finding] = Field(default_factory=list)
    database: list[Finding] = Field(default_factory=list)
    schema_version: str | None = None
    whole: str | None = None
    parts: list[Part] = Field(default_factory=list)
    half: str | None = None

    def slot(self, name: str | None) -> Slot | None:
        """The slot of this name, or None."""
        return next((slot for slot in self.slots if slot.name == name), None)

    def holding(self, version: str) -> Slot | None:
        """The slot that holds this release, or None; the serving one where several do."""
        holders = [slot for slot in self.slots if slot.version == version or version in slot.also]
        return next((slot for slot in holders if slot.name == self.serving), holders[0] if holders else None)

    def healthy(self, slot: str) -> bool:
        """True where every finding at the slot's own address is ok, and there is one."""
        return all_ok(self.findings.get(slot, ()))


def placed(release: str | None, slot: str | None) -> str:
    """`2.4.0 in green`, for people; the release alone where slots are named by their releases."""
    named = release or "an unknown release"
    return named if slot is None or slot == release else f"{named} in {slot}"


def merged(own: Sequence[Release], recorded: Sequence[Release]) -> list[Release]:
    """A platform's own history with Backout's record: its order and times, our quarantine, commit and schema version.

    What was recorded here and never seen to serve did not serve, whatever the platform says.

    Args:
        own: what the platform keeps, newest first.
        recorded: what Backout keeps, newest first.
    """
    known = {release.version: release for release in recorded}
    both = [_with_record(release, known.get(release.version)) for release in own]
    seen = {release.version for release in own}
    return [*both, *(release for release in recorded if release.version not in seen)]


def _with_record(own: Release, record: Release | None) -> Release:
    if record is None:
        return own
    return record.model_copy(
        update={
            "slot": own.slot or record.slot,
            "recorded_at": own.recorded_at,
            # A platform often knows only that a release was put in place: one that was recorded then and was never seen
            # to serve is no release to go back to.
            "served_since": (own.served_since or record.served_since) if record.served_since else None,
        }
    )
