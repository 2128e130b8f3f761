"""Which slot to go back to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from domain.errors import UnknownRelease
from domain.good import evidence, proven_first
from domain.quarantine import report_of
from domain.release import Release, Slot
from domain.request import Request
from domain.situation import Situation


def choose(situation: Situation) -> Slot | None:
    """The slot to go back to: the one asked for, else the newest healthy, unquarantined release that served before.

    One that is known to have served well goes before one that served briefly, and of which nobody knows (`domain.good`).
    Where none is healthy, the newest that may become so: a stopped one can be started, and one that was recorded with
    another schema may only lack that, where the database is taken along. Then the newest, for the reason it is refused.
    """
    survey, request = situation.survey, situation.request
    wanted(request, survey.slots)
    if request.to is not None:
        return survey.holding(request.to)
    candidates = _served_before(situation)
    healthy = [slot for slot in candidates if survey.healthy(slot.name)]
    hopeful = [slot for slot in candidates if not slot.running or _lacks_its_schema(situation, slot)]
    return next(iter(healthy or hopeful or candidates), None)


def _lacks_its_schema(situation: Situation, slot: Slot) -> bool:
    recorded = next((row.schema_version for row in situation.releases if row.version == slot.version), None)
    now = situation.survey.schema_version
    return situation.request.database is not None and None not in (recorded, now) and recorded != now


def wanted(request: Request, slots: Sequence[Slot]) -> None:
    """Raises UnknownRelease where a release is asked for that no slot holds: a word mistyped, or a slot's own name."""
    known = [slot.version for slot in slots if slot.version]
    also = [name for slot in slots for name in slot.also]
    if request.to is not None and request.to not in [*known, *also]:
        raise UnknownRelease(application=request.application, release=request.to, known=known)


def _served_before(situation: Situation) -> list[Slot]:
    """Standby slots whose release has served and is not quarantined: the newest first, but as `domain.good` has it.

    A stopped one can be started.

    A release that first served after the one that serves now is not gone back to: that would be forward.
    """
    survey = situation.survey
    since = _serving_since(situation)
    found = (
        survey.holding(release.version)
        for release in proven_first(situation.releases, survey.at)
        if release.quarantined_by is None
        and release.served_since is not None
        and release.served_since < since
    )
    return [slot for slot in found if slot is not None and slot.name != survey.serving]


def record_of(situation: Situation, slot: Slot) -> Release | None:
    """What is recorded of the slot's release."""
    return next((row for row in situation.releases if row.version in (slot.version, *slot.also)), None)


def known_good(situation: Situation, slot: Slot) -> str:
    """The evidence there is that the slot's release is good, in one line; empty for a part, of which none is kept."""
    if situation.request.only is not None:
        return ""
    survey = situation.survey
    serving = survey.slot(survey.serving)
    after = record_of(situation, serving) if serving and serving.name != slot.name else None
    until = after.served_since if after else None
    if serving and serving.name == slot.name:
        until = survey.at
    return f"{slot.version}: {evidence(record_of(situation, slot), until)}"


def _serving_since(situation: Situation) -> datetime:
    serving = situation.survey.slot(situation.survey.serving)
    records = (row for row in situation.releases if serving and row.version == serving.version)
    record = next(records, None)
    return record.served_since if record and record.served_since else situation.survey.at


def why_none(situation: Situation) -> list[str]:
    """Why no slot can be chosen, each standby one with its reason; the last line says what to do."""
    standby = [
        slot for slot in situation.survey.slots if slot.name != situation.survey.serving and slot.version
    ]
    reasons = [
        f"no standby release of {situation.survey.application} is known to have served and to be unquarantined"
    ]
    reasons += [f"{slot.name} holds {slot.version}, {_unfit(situation, slot)}" for slot in standby]
    return [*reasons, "name the release to go back to with --to"]


def _unfit(situation: Situation, slot: Slot) -> str:
    record = next((row for row in situation.releases if row.version == slot.version), None)
    if record is None or record.served_since is None:
        return "which has no record of serving"
    if record.quarantined_by:
        return f"which is quarantined since incident {record.quarantined_by} (`{report_of(record)}`)"
    return "which first served after the release that serves now"
