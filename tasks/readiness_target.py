"""Readiness of what is gone back to: a target, its slot, its image or commit, what it is configured with, its way down."""

from datetime import UTC, datetime

from blocks.pins import Pins
from blocks.startable import Startable
from blocks.store import readiness as kept
from domain.checkup import Checkup, Remedy, unseen, well, wrong
from domain.errors import BackoutError
from domain.findings import summary
from domain.good import evidence, proven_first
from domain.pins import pinned
from domain.release import Release, placed
from domain.report.markdown import duration
from domain.target import why_none
from tasks.readiness_known import Known

DOCTOR = Remedy(command="backout doctor APP")
RECORD = Remedy(command="backout record APP RELEASE")
LIFT = Remedy(command="backout quarantine lift APP RELEASE")


def target(known: Known) -> list[Checkup]:
    """A release that has served, is not in quarantine, and is there to be gone back to."""
    found = known.target
    if found is None:
        reasons = why_none(known.situation)
        quarantined = any(row.quarantined_by for row in known.situation.releases)
        remedies = [RECORD, *([LIFT] if quarantined else [])]
        said = "; ".join(reasons[:-1])
        return [wrong("target", known.application, said, *remedies, symptom="no release to go back to")]
    record = _record(known, found.version)
    since = f", served since {record.served_since:%Y-%m-%d}" if record and record.served_since else ""
    good = f"; {evidence(record)}" if known.described.platform.whole else ""
    return [well("target", known.application, f"{placed(found.version, found.name)}{since}{good}")]


def slot(known: Known) -> list[Checkup]:
    """The slot of the target: healthy now, or down and startable. In-place platforms have none to look at."""
    platform, found = known.described.platform, known.goes_to
    if not platform.standby:
        return []
    if found.running:
        findings = known.situation.survey.findings.get(found.name, [])
        if known.situation.survey.healthy(found.name):
            return [well("slot", found.name, f"{found.version} is healthy")]
        return [
            _lacks_its_schema(known, found.name)
            or wrong(
                "slot", found.name, f"is not healthy: {summary(findings)}", DOCTOR, symptom="not healthy"
            )
        ]
    lacking = platform.lacking(found.name) if isinstance(platform, Startable) else ""
    if lacking:
        said = f"is down, and cannot be started: {lacking}"
        return [wrong("slot", found.name, said, DOCTOR, symptom="cannot be started")]
    said = "is down and can be started; a rollback starts it first"
    return [well("slot", found.name, said)]


def artifact(known: Known) -> list[Checkup]:
    """The image, commit or revision of the last good release by record: whether the platform still has it."""
    record = _last_good(known)
    if record is None:
        return [unseen("artifact", known.application, "no release is known to have served before this one")]
    version = record.version
    held = known.situation.survey.holding(version) or known.described.platform.find(version)
    if held is None:
        said = f"{version}, the last good release by record, is gone: no slot, image, commit or revision of it is left"
        build = Remedy(command=f"backout record APP {version}")
        return [wrong("artifact", known.application, said, DOCTOR, build, symptom="gone")]
    return [well("artifact", held.name, f"{version} is there{_commit(record)}")]


def pins(known: Known) -> list[Checkup]:
    """The last releases that are known to have served well: whether what each was made of is still there.

    It is wrong where a slot holds the release, or it would be gone back to; of all others it is only said.
    """
    platform = known.described.platform
    if not isinstance(platform, Pins):
        return []
    seen = {row.version: platform.lost(row) for row in _last(known) if row.good_since}
    gone = {version: lost for version, lost in seen.items() if lost}
    needed = [f"{version}: {lost}" for version, lost in gone.items() if _needed(known, version)]
    if needed:
        said = f"what was to be held is gone: {'; '.join(needed)}"
        return [wrong("pinned", known.application, said, DOCTOR, symptom="gone")]
    if gone:
        said = "; ".join(f"{version}: {lost}" for version, lost in gone.items())
        return [unseen("pinned", known.application, f"nobody would go back to it now, but {said}")]
    return [well("pinned", known.application, f"{', '.join(seen)} can be had")] if seen else []


def configuration(known: Known) -> list[Checkup]:
    """What it is configured with can be read, so that it is kept before anything changes."""
    texts = known.described.platform.configuration()
    copies = [part for part in known.situation.survey.parts if part.name == "config"]
    also = f"; its configuration can be taken back alone, and is {copies[0].release} now" if copies else ""
    return [well("configuration", known.application, f"{', '.join(sorted(texts))} can be kept{also}")]


def rehearsal(known: Known) -> list[Checkup]:
    """Where the target was recorded with another schema: the way down was rehearsed, and worked."""
    database = known.described.database
    if database is None or not known.described.readiness.rehearsed:
        return []
    now, then = known.situation.survey.schema_version, _schema_of(known)
    if now is None or then is None:
        said = "the schema of the target was not recorded" if now else "the database names no schema version"
        return [unseen("rehearsal", known.application, said)]
    if now == then:
        return [well("rehearsal", known.application, f"the target runs on the schema as it is, {now}")]
    return [_rehearsed(known, now, then)]


def _lacks_its_schema(known: Known, slot: str) -> Checkup | None:
    """What to think of a slot that is not healthy, and whose release had another schema; None where it had this one.

    Nobody can tell what else it lacks before it has its schema. `migration-failure` takes both back; how far that can be
    believed, the rehearsal says.
    """
    now, then = known.situation.survey.schema_version, _schema_of(known)
    if None in (now, then) or now == then or not known.described.readiness.rehearsed:
        return None
    found = kept.rehearsal_of(known.here.store.database, known.application, now or "", then or "")
    said = f"is not healthy on schema {now}; its own is {then}"
    if found is None or not found.works:
        return unseen("slot", slot, f"{said}, and no way down to it is known to work")
    return well("slot", slot, f"{said}: `migration-failure` takes both back, as was rehearsed")


def _rehearsed(known: Known, now: str, then: str) -> Checkup:
    again = Remedy(command=f"backout db rehearse APP --to {then}")
    found = kept.rehearsal_of(known.here.store.database, known.application, now, then)
    if found is None:
        said = f"the way down from {now} to {then} was never rehearsed"
        return wrong("rehearsal", known.application, said, again, symptom="never rehearsed")
    if not found.works:
        why = found.failed or "; ".join(found.differences)
        said = f"the way down from {now} to {then} does not work: {why}"
        return wrong("rehearsal", known.application, said, again, symptom="does not work")
    ago = duration((datetime.now(UTC) - found.at).total_seconds())
    said = f"the way down from {now} to {then} worked {ago} ago in {duration(found.steps_s)}, {found.rows} rows at risk"
    return well("rehearsal", known.application, said)


def _last(known: Known) -> list[Release]:
    survey, number = known.situation.survey, known.described.deploy.pinned
    serving = survey.slot(survey.serving)
    held = {slot.version for slot in survey.slots if slot.version}
    return pinned(known.situation.releases, number, serving.version if serving else None, held, survey.at)


def _needed(known: Known, version: str) -> bool:
    return known.situation.survey.holding(version) is not None or (
        known.target is not None and known.target.version == version
    )


def _record(known: Known, version: str | None) -> Release | None:
    return next((row for row in known.situation.releases if row.version == version), None)


def _schema_of(known: Known) -> str | None:
    record = _record(known, known.goes_to.version)
    return record.schema_version if record else None


def _last_good(known: Known) -> Release | None:
    """By record: the newest that has served before the one that serves, and is not in quarantine; with evidence first (`domain.good`)."""
    survey = known.situation.survey
    serving = survey.slot(survey.serving)
    own = _record(known, serving.version) if serving else None
    before = own.served_since if own and own.served_since else survey.at
    good = (
        row
        for row in proven_first(known.situation.releases, survey.at)
        if row.quarantined_by is None and row.served_since is not None and row.served_since < before
    )
    return next(good, None)


def _commit(record: Release) -> str:
    return f", commit {record.commit[:12]}" if record.commit else ""


def eta(known: Known) -> list[Checkup]:
    """How long it would take, by past rollbacks of it, drills among them; else by drills of it elsewhere."""
    found = known.eta
    if found is None:
        said = "there was no rollback of it yet, and no drill of it elsewhere"
        return [unseen("eta", known.application, said)]
    said = f"{duration(found.seconds)}, the median of {found.runs} {found.of}"
    seen = well("eta", known.application, said)
    measured = seen.finding.model_copy(update={"value": found.seconds, "unit": "s"})
    return [seen.model_copy(update={"finding": measured})]


def cannot(error: BackoutError, name: str, on: str) -> Checkup:
    """What the error of a look means."""
    step = Remedy(command=error.next_step())
    return wrong(name, on, error.what(), *([step] if step.command else []), symptom=type(error).__name__)
