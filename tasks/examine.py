"""Examine: walk the runbook's troubleshooting tree over one application. Changes nothing."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from blocks import message_templates
from blocks.adapter import adapter_class
from blocks.channels.contract import Channel
from blocks.document import Document
from blocks.platforms.contract import BlueGreen, Platform
from blocks.signals.contract import Signal
from domain.checkup import Checkup, Remedy, unseen, well, wrong
from domain.errors import BackoutError, UnknownRemedy
from domain.findings import Finding
from domain.release import Slot
from tasks.look import AT_ONCE, at_slot, through_router

RESTART = "restart"
START_AGAIN = "start application"
CERTIFICATE = "certificate"
FEW_DAYS = 14
"""Authorities that give certificates for 90 days want them renewed 30 days before the end: then it is overdue."""

OF_STANDBYS = 'FlappyJournal "Backup Environment Not Healthy"'
OF_USERS = 'FlappyJournal "Application Health"'
OF_STOPPED = 'Jarvis "Database Rollback Procedure" 6'
OF_CERTIFICATES = 'FlappyJournal "SSL/TLS Certificate Problems" 1-2'
OF_ROUTES = 'FlappyJournal "Rollback Script Fails" 2-3'
GO_BACK = [
    Remedy(command="backout rollback APP --dry-run"),
    Remedy(command='backout rollback APP --reason "what serves is not healthy"'),
]


def _no_remedy(remedy: str) -> str:
    raise UnknownRemedy(adapter="this branch", remedy=remedy)


@dataclass(frozen=True)
class Branch:
    """What is examined together. `mend` does the named remedies that `examine` offers; it raises as `Adapter.mend` does.

    `carries`: others cannot start without it, so it is mended before them.
    """

    name: str
    examine: Callable[[], list[Checkup]]
    mend: Callable[[str], str] = _no_remedy
    carries: bool = False


def branches(document: Document) -> list[Branch]:
    """The application's branches, in the runbook's order: platform, router, slots, users, database, certificates, channels."""
    platform, database = document.platform, document.database
    found = [
        Branch(f"platform {platform.kind}", platform.examine, platform.mend),
        _router(platform),
        Branch("slots", lambda: _slots(document), lambda remedy: _mend_slot(platform, remedy)),
        Branch("users", lambda: _users(document)),
    ]
    if database and database.stop_application:
        found.append(
            Branch("stopped", lambda: _stopped(platform), lambda remedy: _start_again(platform, remedy))
        )
    if database:
        found.append(
            Branch(
                f"database {database.kind}",
                lambda: database.examine() or _judged(database.observe(), []),
                database.mend,
                carries=True,
            )
        )
    found.append(Branch("certificates", lambda: _certificates(document)))
    found.append(Branch("channels", lambda: channels_of(document)))
    return found


def _router(platform: Platform) -> Branch:
    if isinstance(platform, BlueGreen):
        router = platform.router
        return Branch(
            f"router {router.kind}", lambda: [*router.examine(), _route(platform)], router.mend
        )  # fmt: skip
    return Branch("route", lambda: [_route(platform)])


def _route(platform: Platform) -> Checkup:
    try:
        found = platform.route()
    except BackoutError as error:
        return wrong("route", platform.address, error.what(), source=OF_ROUTES, symptom="cannot be asked")
    if found.shares:
        shares = ", ".join(f"{slot} {share} %" for slot, share in found.shares.items())
        return well("route", platform.address, f"traffic is shared out: {shares}", source=OF_ROUTES)
    if found.slot is None:
        said = "traffic goes to an address that is no slot's"
        return wrong("route", platform.address, said, *GO_BACK[:1], source=OF_ROUTES)
    return well("route", platform.address, f"{found.slot} has the traffic", source=OF_ROUTES)


def _slots(document: Document) -> list[Checkup]:
    """The health of each slot that runs, at its own address. A slot that is down is the platform's to tell."""
    platform = document.platform
    slots, serving = platform.slots(), platform.route().slot
    running = [slot for slot in slots if slot.running]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="examine") as pool:
        seen = list(pool.map(lambda slot: _slot(document, slot, serving), running))
    down = [unseen("health", slot.name, "is down") for slot in slots if platform.standby and not slot.running]
    return [*(checkup for found in seen for checkup in found), *down]


def _slot(document: Document, slot: Slot, serving: str | None) -> list[Checkup]:
    findings = at_slot(document, slot)
    if slot.name == serving:
        return _judged(findings, GO_BACK, OF_USERS)
    restartable = isinstance(document.platform, BlueGreen)
    again = Remedy(name=f"{RESTART} {slot.name}", command="backout doctor APP --fix")
    return _judged(findings, [again] if restartable else [], OF_STANDBYS)


def _mend_slot(platform: Platform, remedy: str) -> str:
    """Restart a standby. Refuses the serving slot with Conflict."""
    act, _, slot = remedy.partition(" ")
    if act != RESTART or not isinstance(platform, BlueGreen):
        return _no_remedy(remedy)
    platform.stop(slot)
    platform.start(slot)
    return f"restarted {slot}"


def _stopped(platform: Platform) -> list[Checkup]:
    """What a run left stopped that was killed and never went on: it looks like any application that is down."""
    if not platform.stopped():
        return []
    said = "is stopped for a change of its database; where no incident of it is open, nobody will start it"
    remedies = [
        Remedy(command="backout status APP"),
        Remedy(name=START_AGAIN, command="backout doctor APP --fix"),
    ]
    return [wrong("application", platform.address, said, *remedies, source=OF_STOPPED, symptom="stopped")]


def _start_again(platform: Platform, remedy: str) -> str:
    if remedy != START_AGAIN:
        return _no_remedy(remedy)
    return f"started the application: {platform.serve_again() or 'it runs already'}"


def _users(document: Document) -> list[Checkup]:
    """What users get: health and the checks, through the router. Checks that write are left to a verification."""
    serving = document.platform.route().slot
    checks = [check for check in document.checks if check.kind != CERTIFICATE]
    asked = [document.health, *(check for check in checks if check.brief)]
    seen = _judged(through_router(document, asked, serving), GO_BACK, OF_USERS)
    left = [
        unseen(check.name, "router", _left_out(check), source=OF_USERS) for check in checks if not check.brief
    ]
    return [*seen, *left]


def _left_out(check: Signal) -> str:
    return f"not asked: a {check.kind} check takes its time or writes; a rollback's verification asks it"


def _certificates(document: Document) -> list[Checkup]:
    """By the `certificate` checks there are, else by a handshake with the router's address."""
    parts = urlsplit(document.platform.address)
    checks: list[Signal] = [check for check in document.checks if check.kind == CERTIFICATE]
    if not checks and parts.scheme == "https":
        checks = [_handshake()]
    if not checks:
        return []
    host = parts.hostname or ""
    look = f"openssl s_client -connect {host}:{parts.port or 443} -servername {host} < /dev/null | openssl x509 -noout -issuer -dates"
    renewal = document.platform.router.renewal() if isinstance(document.platform, BlueGreen) else None
    remedies = [Remedy(command=look), *([renewal] if renewal else [])]
    return _judged(through_router(document, checks, None), remedies, OF_CERTIFICATES)


def _handshake() -> Signal:
    made = adapter_class("signals", CERTIFICATE).model_validate({"kind": CERTIFICATE, "bad_days": FEW_DAYS})
    if not isinstance(made, Signal):
        raise TypeError(f"blocks/signals/{CERTIFICATE}.py defines no signal")
    return made


def _examined(channel: Channel) -> list[Checkup]:
    return channel.examine()


def channels_of(document: Document, ask: Callable[[Channel], list[Checkup]] = _examined) -> list[Checkup]:
    """Whether each takes messages, and templates of one's own can be used; none is sent."""
    own = message_templates.examine(document.templates)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="channels") as pool:
        return [checkup for found in pool.map(ask, document.channels) for checkup in found] + own


def _judged(findings: Iterable[Finding], remedies: list[Remedy], source: str = "") -> list[Checkup]:
    return [
        Checkup(finding=found, remedies=remedies if found.bad else [], source=source) for found in findings
    ]
