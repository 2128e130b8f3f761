"""Incidents in PostgreSQL: taking a request in, in one transaction with the lock."""

from datetime import UTC, datetime

from psycopg.types.json import Json, Jsonb

from blocks.ledger import Begun, Hold
from blocks.store import journal, lock
from blocks.store.database import Connection
from domain.errors import LostLock, UnknownIncident
from domain.incident import Incident, new_incident_id
from domain.outcomes import Outcome
from domain.plan import Plan
from domain.precedence import Claim, Meeting, Phase, meet
from domain.request import Kind, Request
from domain.takeover import refusal, stands_in_the_way


def begin(connection: Connection, request: Request, run: str, key: bytes) -> Begun:
    """See `Ledger.begin`."""
    holder = lock.held(connection, request.application)
    before = connection.execute("SELECT incident, joined FROM runs WHERE run = %s", [run]).fetchone()
    if before is not None and not before["joined"]:
        return _again(connection, before["incident"], holder, run, key)
    if before is not None and (joined := one(connection, before["incident"])).outcome is not None:
        return Begun(joined, hold=None)
    if holder["incident"] is None or (not holder["alive"] and holder["phase"] == Phase.WAITING):
        return _after_an_abandoned(connection, request, holder["incident"], run, key)
    if not holder["alive"]:
        return _after_a_dead_run(connection, request, holder["incident"], run, key)
    newcomer = Claim(request.kind, request.urgent)
    if meet(newcomer, Claim.of(holder["request"]), Phase(holder["phase"])) is Meeting.PREEMPT:
        return _preempt(connection, request, holder["incident"], run, key)
    return _join(connection, request, holder["incident"], run, key)


def _after_a_dead_run(connection: Connection, request: Request, other: str, run: str, key: bytes) -> Begun:
    """Go on with its incident, or leave it alone, where that is what `domain.takeover` says; else end it, and begin anew."""
    found, entries = one(connection, other), journal.entries(connection, other)
    if stands_in_the_way(found, entries, request):
        return _join(connection, request, other, run, key)
    why = refusal(found, entries, request)
    if not why:
        return _take_over(connection, other, request.application, run, key)
    close(connection, other, Outcome.SUPERSEDED, key, why)
    return _open_after(connection, request, found, run, key)


def _after_an_abandoned(
    connection: Connection, request: Request, other: str | None, run: str, key: bytes
) -> Begun:
    """Nobody answered until its deadline, and its run did not come to say so."""
    if other is None:
        return _open(connection, request, run, key)
    close(connection, other, Outcome.EXPIRED, key)
    return _open_after(connection, request, one(connection, other), run, key)


def _open_after(connection: Connection, request: Request, ended: Incident, run: str, key: bytes) -> Begun:
    """Whoever comes after a deploy ends its canary, where nothing else is to be done: its own run does not any more."""
    begun = _open(connection, request, run, key)
    if ended.request.kind is Kind.DEPLOY:
        _supersedes(connection, begun.incident.id, ended.id, key)
    return begun


def _preempt(connection: Connection, request: Request, other: str, run: str, key: bytes) -> Begun:
    begun = _open(connection, request, run, key)
    why = f"{request.runbook} went before it: {begun.incident.id}"
    close(connection, other, Outcome.SUPERSEDED, key, why)
    _supersedes(connection, begun.incident.id, other, key)
    return begun


def _supersedes(connection: Connection, incident: str, other: str, key: bytes) -> None:
    runs = runs_of(connection, other)
    journal.append(connection, incident, "superseded", {"incident": other, "runs": runs}, key)


def _join(connection: Connection, request: Request, incident: str, run: str, key: bytes) -> Begun:
    new = connection.execute(
        "INSERT INTO runs (run, incident, joined) VALUES (%s, %s, true) ON CONFLICT (run) DO NOTHING",
        [run, incident],
    )
    if new.rowcount:
        journal.append(
            connection, incident, "joined", {"by": request.by, "via": request.via, "run": run}, key
        )
    return Begun(one(connection, incident), hold=None)


def _again(connection: Connection, incident: str, holder: lock.Row, run: str, key: bytes) -> Begun:
    """A run that was started before: it goes on, unless its incident ended or another one has the application."""
    found = one(connection, incident)
    if found.outcome is not None:
        return Begun(found, hold=None, resumed=True)
    if holder["incident"] not in (None, incident):
        close(connection, incident, Outcome.SUPERSEDED, key)
        return Begun(one(connection, incident), hold=None, resumed=True)
    return _take_over(connection, incident, found.application, run, key)


def _take_over(connection: Connection, incident: str, application: str, run: str, key: bytes) -> Begun:
    hold = lock.take(connection, application, incident)
    again = run in runs_of(connection, incident)
    _begun_by(connection, run, incident)
    journal.append(connection, incident, "taken over", {"run": run, "token": hold.token, "again": again}, key)
    return Begun(one(connection, incident), hold, resumed=True)


def _begun_by(connection: Connection, run: str, incident: str) -> None:
    """The run works on this incident from now on, also where it only joined one before."""
    connection.execute(
        """INSERT INTO runs (run, incident) VALUES (%s, %s)
           ON CONFLICT (run) DO UPDATE SET incident = excluded.incident, joined = false""",
        [run, incident],
    )


def _open(connection: Connection, request: Request, run: str, key: bytes) -> Begun:
    incident = Incident(
        id=new_incident_id(request.application), application=request.application, request=request
    )
    insert(connection, incident)
    _begun_by(connection, run, incident.id)
    hold: Hold = lock.take(connection, request.application, incident.id)
    journal.append(
        connection,
        incident.id,
        "opened",
        {"request": request.model_dump(mode="json"), "run": run, "token": hold.token},
        key,
    )
    return Begun(incident, hold)


def insert(connection: Connection, incident: Incident) -> None:
    """A new row."""
    connection.execute(
        "INSERT INTO incidents (id, application, request, opened_at) VALUES (%s, %s, %s, %s)",
        [
            incident.id,
            incident.application,
            Json(incident.request.model_dump(mode="json")),
            incident.opened_at,
        ],
    )


def finish(connection: Connection, incident: Incident, key: bytes) -> None:
    """End it as it ended elsewhere, and let its application go."""
    lock.held(connection, incident.application)  # first, as everywhere: two orders would be a deadlock
    if incident.plan is not None:
        keep_plan(connection, incident.id, incident.plan)
    tell(connection, incident.id, incident.told)
    if incident.report:
        reported(connection, incident.id, incident.report)
    if incident.outcome is not None:
        close(connection, incident.id, incident.outcome, key)
    connection.execute("UPDATE locks SET incident = NULL, until = now() WHERE incident = %s", [incident.id])


def keep_plan(connection: Connection, incident: str, plan: Plan) -> Plan:
    """Keep the plan unless one is kept; the kept one."""
    body = Json(plan.model_dump(mode="json"))
    connection.execute("UPDATE incidents SET plan = %s WHERE id = %s AND plan IS NULL", [body, incident])
    kept = one(connection, incident).plan
    if kept is None:
        raise UnknownIncident(incident=incident)
    return kept


def end(connection: Connection, hold: Hold, outcome: Outcome, key: bytes) -> None:
    """End the incident of this hold, and let its application go. A no-op where it has ended. Raises LostLock."""
    try:
        lock.check(connection, hold)
    except LostLock:
        if one(connection, hold.incident).outcome is None:
            raise
        return
    close(connection, hold.incident, outcome, key)
    lock.release(connection, hold)


def close(connection: Connection, incident: str, outcome: Outcome, key: bytes, why: str = "") -> None:
    """End the incident, once. `why`: for the journal, where its own run did not come to say it."""
    done = connection.execute(
        "UPDATE incidents SET outcome = %s, closed_at = %s WHERE id = %s AND outcome IS NULL",
        [outcome, datetime.now(UTC), incident],
    )
    if done.rowcount:
        journal.append(
            connection, incident, "closed", {"outcome": outcome, **({"why": why} if why else {})}, key
        )


def of_run(connection: Connection, run: str) -> str | None:
    """The incident that a run began or joined."""
    row = connection.execute("SELECT incident FROM runs WHERE run = %s", [run]).fetchone()
    return row["incident"] if row else None


def runs_of(connection: Connection, incident: str) -> list[str]:
    """The runs that worked on an incident."""
    return [
        row["run"]
        for row in connection.execute("SELECT run FROM runs WHERE incident = %s AND NOT joined", [incident])
    ]


def one(connection: Connection, incident: str) -> Incident:
    """The incident. Raises UnknownIncident."""
    row = connection.execute("SELECT * FROM incidents WHERE id = %s", [incident]).fetchone()
    if row is None:
        raise UnknownIncident(incident=incident)
    return Incident.model_validate(row)


def some(connection: Connection, application: str | None, since: datetime | None) -> list[Incident]:
    """Newest first."""
    rows = connection.execute(
        """SELECT * FROM incidents
            WHERE (%(application)s::text IS NULL OR application = %(application)s)
              AND (%(since)s::timestamptz IS NULL OR opened_at >= %(since)s)
            ORDER BY opened_at DESC""",
        {"application": application, "since": since},
    )
    return [Incident.model_validate(row) for row in rows]


def tell(connection: Connection, incident: str, told: dict[str, str]) -> None:
    """Lay the new words over the old ones. Raises UnknownIncident."""
    one(connection, incident)
    clean = {field: text.replace("\0", "") for field, text in told.items()}  # which jsonb cannot hold
    connection.execute("UPDATE incidents SET told = told || %s WHERE id = %s", [Jsonb(clean), incident])


def reported(connection: Connection, incident: str, path: str) -> None:
    """Keep where the report lies."""
    connection.execute("UPDATE incidents SET report = %s WHERE id = %s", [path, incident])
