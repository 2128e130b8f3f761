"""Starting a rollback that was asked for through the API: the same deployments, policy and consent as everywhere."""

import hashlib
import json
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from blocks.document import Document
from blocks.installation import Installation
from deployments.applications import document
from deployments.drift import drifts, obstacle
from deployments.gateway.answers import application_of, how_to_answer
from deployments.gateway.requests import BadRequest, Hindered, Wanted
from deployments.prefect_api import PrefectApi
from deployments.target_choice import refuse_mistyped
from domain.errors import ConfigurationError, NotAllowed
from domain.request import LAST_GOOD, Kind, Request
from domain.severity import Severity
from flows.intake import known_issue

VIA = "api"
INCIDENT_S = 3.0
"""Seconds to wait for the run to open its incident, so that the answer can name it."""

LOOK_AGAIN_S = 0.1
NO_REASON = "asked for through the deployment API"
ONLY_ROLLBACK = ("severity", "issue", "impact", "users", "downtime")
"""What an emergency has no use for: it would silently be forgotten."""


def start(here: Installation, wanted: Wanted, key: str | None) -> dict[str, Any]:
    """Start the run; what became of it so far.

    Raises:
        BadRequest, UnknownApplication, UnknownRelease: the request cannot be carried out as it is.
        NotAllowed: the policy asks people where the caller wants nobody asked.
        Hindered: every run would refuse, or none can be started.
        PrefectUnavailable: no run can be started.
    """
    app = application_of(here, wanted.application)
    request = _request(app, wanted)
    _check(here, wanted, request)
    with PrefectApi.find(here.home) as api:
        given = {"application": api.application_block(app), **_parameters(request)}
        run = api.start(request.runbook, given, tags=[app], key=_key(app, request.runbook, key))
        interface = api.url.removesuffix("/api")
    return _started(here, app, request.runbook, run, interface)


def _request(app: str, wanted: Wanted) -> Request:
    # The name first, as with every other way: whoever asked is not one of two people who say yes.
    by = f"{wanted.by or 'somebody'}@{socket.gethostname()} by API"
    to = None if wanted.target in (None, "", LAST_GOOD) else wanted.target
    emergency = wanted.runbook == "emergency"
    return Request(
        application=app,
        runbook=wanted.runbook,
        kind=Kind.EMERGENCY if emergency else Kind.ROLLBACK,
        to=to,
        reason=wanted.reason or NO_REASON,
        by=by,
        via=VIA,
        severity=Severity.CRITICAL if emergency else wanted.severity,
        **{name: getattr(wanted, name) for name in ("issue", "impact", "users", "downtime")},
    )


def _check(here: Installation, wanted: Wanted, request: Request) -> None:
    """Refuse what the run would refuse, while somebody still reads the answer."""
    app = request.application
    if hindered := obstacle(app, drifts(here, [app])[app]):
        raise Hindered(*hindered)
    described: Document | None = None
    with suppress(ConfigurationError):  # a secret that only the run has
        described = document(here, app)
    if described is None:
        return
    refuse_mistyped(described, request)
    try:
        known_issue(described, request)
    except ConfigurationError as error:
        raise BadRequest(error.what()) from None
    if request.kind is Kind.EMERGENCY:
        _check_emergency(described, wanted, request)


def _check_emergency(described: Document, wanted: Wanted, request: Request) -> None:
    """An emergency asks nobody: it is here only for a policy that asks nobody where severity is critical."""
    people = described.policy.rules[Severity.CRITICAL].consent.people
    if people:
        why = f"the policy asks {people} where severity is critical"
        step = "leave `runbook` out, and send severity critical: the rollback asks them"
        raise NotAllowed(person=request.by, wanted="start the runbook emergency here", why=why, step=step)
    forgotten = [name for name in ONLY_ROLLBACK if getattr(wanted, name)]
    if forgotten:
        raise BadRequest(f"the runbook emergency has no use for {', '.join(forgotten)}")


def _parameters(request: Request) -> Mapping[str, Any]:
    """The runbook's form, filled in."""
    given = {
        "target": request.to or LAST_GOOD,
        "reason": request.reason,
        "asked_by": request.by,
        "via": request.via,
    }
    if request.kind is Kind.EMERGENCY:
        return given
    body = request.model_dump(mode="json")
    return {**given, **{name: body[name] for name in ONLY_ROLLBACK}}


def _key(app: str, runbook: str, given: str | None) -> str | None:
    """What keeps a repeated call from starting a second run; None where the caller sent no key."""
    if given is None:
        return None
    step = json.dumps([app, runbook, given])
    return f"api-{hashlib.sha256(step.encode()).hexdigest()}"


def _started(here: Installation, app: str, runbook: str, run: str, interface: str) -> dict[str, Any]:
    incident = _incident_of(here, run)
    return {
        "accepted": True,
        "application": app,
        "runbook": runbook,
        "run": run,
        "incident": incident,
        "next": "follow it with GET of `status`; where its plan needs a person's yes, it waits for `approve`",
        "status": f"/deployment/status?application={app}",
        "ui": f"{interface}/runs/flow-run/{run}",
        **how_to_answer(incident or run),
    }


def _incident_of(here: Installation, run: str) -> str | None:
    until = time.monotonic() + INCIDENT_S
    while (found := here.store.incident_of(run)) is None and time.monotonic() < until:
        time.sleep(LOOK_AGAIN_S)
    return found
