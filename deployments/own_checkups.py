"""The branches of `backout doctor` that are Backout's own: configuration, store, Prefect, this host, the incident."""

import os
import shlex
import stat
from pathlib import Path

import fsspec

from blocks.disk import disk_checkup
from blocks.installation import VARIABLE, last_served, serving
from blocks.keys import VARIABLE as KEY_VARIABLE
from blocks.ledger import Holder
from blocks.store.database import place
from deployments.alert_spool import FOLDER, SHOW, count
from deployments.drift import drifts
from deployments.gateway_checkup import gateway_checkup
from deployments.prefect_api import PrefectApi
from deployments.subject import Subject
from domain.checkup import Checkup, Remedy, unseen, well, wrong
from domain.errors import BackoutError, PrefectUnavailable
from domain.names import block_name
from domain.precedence import Phase
from tasks.examine import Branch

BY_HAND = "docs/when-backout-fails.md"
SERVE = Remedy(command="backout serve")
WITHOUT = Remedy(command='backout rollback APP --break-glass --reason "Backout is down"')
KEYS = ("journal", "approvals")
CLOSED = 0o077
EVIDENCE = "evidence"


def before_the_application(subject: Subject) -> list[Branch]:
    """What must be there before anything else can be done."""
    return [
        Branch("configuration", lambda: [*subject.checkups, *_drift(subject)]),
        Branch("store and Prefect", lambda: [_store(subject), _prefect(subject)]),
        Branch(
            "this host",
            lambda: [
                _home(subject),
                _evidence(subject),
                *_disks(subject),
                *_keys(subject),
                *_taking(subject),
            ],
        ),
    ]


def after_the_application(subject: Subject) -> list[Branch]:
    """What keeps a run from acting although all else is well."""
    return [Branch("incident", lambda: [_incident(subject), *_beside_the_store(subject)])]


def _drift(subject: Subject) -> list[Checkup]:
    if subject.here is None or subject.described is None:
        return []
    here, source = subject.here, f"{BY_HAND}, Drift"
    try:
        found = drifts(here, [subject.application])[subject.application]
    except BackoutError as error:
        return [unseen("drift", subject.application, error.what(), source=source)]
    finally:
        here.store.rest()
    if found is None:
        return [unseen("drift", subject.application, "Prefect cannot be asked for the block", source=source)]
    if not found:
        return [well("drift", subject.application, "the block in Prefect is what was applied", source)]
    apply = Remedy(command=f"backout apply {shlex.quote(subject.described.source)}")
    said = f"{found}; runs that act refuse it"
    return [wrong("drift", subject.application, said, apply, WITHOUT, source=source)]


def _store(subject: Subject) -> Checkup:
    source = f"{BY_HAND}, The store is down"
    if subject.away is not None:
        said = subject.away.what()
        remedies = [] if VARIABLE in os.environ else [SERVE]
        return wrong("store", str(subject.home.root), said, *remedies, WITHOUT, source=source, symptom="away")
    url = subject.here.store.database.url if subject.here else ""
    return well("store", place(url), "answers", source)


def _prefect(subject: Subject) -> Checkup:
    source = f"{BY_HAND}, Prefect is down"
    try:
        with PrefectApi.find(subject.home) as api:
            api.application(subject.application)
            return well("Prefect", api.url, "answers", source)
    except PrefectUnavailable as error:
        return wrong("Prefect", error.address, error.what(), SERVE, WITHOUT, source=source, symptom="away")


def _home(subject: Subject) -> Checkup:
    root = subject.home.root
    runs = serving(subject.home)
    if not os.access(root, os.W_OK | os.X_OK):
        who = Remedy(command=f"ls -ld {shlex.quote(str(root))} && id")
        return wrong("BACKOUT_HOME", str(root), "cannot be written by this user", who)
    if runs:
        return well("BACKOUT_HOME", str(root), f"`backout serve` runs on it as process {runs['pid']}")
    died = " (the last one was killed)" if last_served(subject.home) else ""
    said = f"no `backout serve` runs on it{died}: no run starts, nobody watches, no message is sent"
    return unseen("BACKOUT_HOME", str(root), said, SERVE, source=f"{BY_HAND}, The worker is gone")


def _evidence(subject: Subject) -> Checkup:
    source = f"{BY_HAND}, The disk is full"
    url = _evidence_url(subject)
    local = _local_folder(url)
    if local is None:
        return _remote_evidence(url, source)
    there = next(place for place in (local, *local.parents) if place.exists())
    if os.access(there, os.W_OK | os.X_OK):
        return well(EVIDENCE, url, "can be written", source)
    who = Remedy(command=f"ls -ld {shlex.quote(str(there))} && id")
    around = Remedy(command='backout rollback APP --runbook emergency --reason "evidence cannot be kept"')
    return wrong(EVIDENCE, url, "cannot be written: no rollback begins", who, around, source=source)


def _remote_evidence(url: str, source: str) -> Checkup:
    try:
        files, root = fsspec.core.url_to_fs(url)
        files.exists(root)
    except Exception as error:  # noqa: BLE001 - each store of files has errors of its own
        return wrong(EVIDENCE, url, f"cannot be reached: {type(error).__name__}", source=source)
    return well(EVIDENCE, url, "answers; whether it takes files is seen with the first one", source)


def _disks(subject: Subject) -> list[Checkup]:
    """Backout's own, and that of an evidence folder which was put elsewhere."""
    source, home = f"{BY_HAND}, The disk is full", subject.home
    local = _local_folder(_evidence_url(subject))
    elsewhere = local is not None and home.root not in local.parents
    found = [disk_checkup("BACKOUT_HOME", home.root, source)]
    return [*found, *([disk_checkup(EVIDENCE, local, source)] if local and elsewhere else [])]


def _evidence_url(subject: Subject) -> str:
    given = subject.document.evidence if subject.document else None
    return given or str(subject.home.evidence)


def _local_folder(url: str) -> Path | None:
    return None if "://" in url and not url.startswith("file://") else Path(url.removeprefix("file://"))


def _keys(subject: Subject) -> list[Checkup]:
    if KEY_VARIABLE in os.environ:
        return [well("keys", "environment", f"{KEY_VARIABLE} is set")]
    return [_key(subject.home.keys / f"{name}.key") for name in KEYS]


def _taking(subject: Subject) -> list[Checkup]:
    """Alerts come in, and those that came are handed on."""
    return [_alerts(subject), *gateway_checkup(subject.home)]


def _alerts(subject: Subject) -> Checkup:
    """Alerts that were promised and that Prefect refuses: they started nothing."""
    folder = str(subject.home.state / FOLDER)
    try:
        found = count(subject.home)
    except OSError as error:
        return unseen("alerts", folder, error.strerror or str(error))
    if not found["aside"]:
        return well("alerts", folder, f"{found['waiting']} files wait for Prefect, none is set aside")
    said = f"{found['aside']} files are set aside: Prefect refuses their events, or they cannot be read"
    return wrong("alerts", folder, said, Remedy(command=SHOW), source=f"{BY_HAND}, An alert started nothing")


def _key(file: Path) -> Checkup:
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        return unseen("key", str(file), "is not made yet")
    except OSError as error:
        return wrong("key", str(file), error.strerror or str(error), symptom="cannot be read")
    if stat.S_IMODE(mode) & CLOSED:
        close = Remedy(command=f"chmod 600 {shlex.quote(str(file))}")
        return wrong("key", str(file), "other users may read it", close)
    return well("key", str(file), "is there, closed to others")


def _incident(subject: Subject) -> Checkup:
    app = subject.application
    if subject.here is None:
        return unseen("lock", app, "the store cannot be asked who has it")
    try:
        return _held(subject, subject.here.store.holder(app))
    except BackoutError as error:
        return unseen("lock", app, error.what())
    finally:
        subject.here.store.rest()


def _held(subject: Subject, holder: Holder | None) -> Checkup:
    app = subject.application
    if holder is None:
        return well("lock", app, "nobody has it: a run can act at once")
    incident = holder.incident
    if not holder.alive:
        again = Remedy(command='backout rollback APP --reason "the run before died"')
        said = f"incident {incident} has it, and its run is gone"
        return wrong(
            "lock", app, said, again, source=f"{BY_HAND}, A run is stuck", symptom="held by a dead run"
        )
    if holder.phase is Phase.WAITING:
        answers = [
            Remedy(command=f'backout {word} {incident} --reason "..."') for word in ("approve", "reject")
        ]
        said = f"incident {incident} waits for people's answer"
        return wrong("lock", app, said, *answers, source=f"{BY_HAND}, A run waits for consent")
    return well("lock", app, f"incident {incident} acts on it now: `backout status {app}`")


def _beside_the_store(subject: Subject) -> list[Checkup]:
    """What `--break-glass` did on this host that the store does not know."""
    folder = subject.home.state / block_name(subject.application)
    if subject.here is None or not folder.exists():
        return []
    try:
        left = len(subject.here.local(subject.application).unreconciled())
    except BackoutError as error:
        return [wrong("record", str(folder), error.what(), symptom="cannot be read")]
    if not left:
        return []
    said = f"{left} incidents of --break-glass are not in the store yet"
    return [wrong("record", subject.application, said, Remedy(command="backout reconcile"))]
