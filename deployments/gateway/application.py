"""The API's routes: who may call, how much they may send, and which status an error has."""

import hmac
from collections.abc import Callable
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from blocks.home import Home
from blocks.installation import Installation, installation
from blocks.spool import SpoolFull
from deployments import alert_spool, measures
from deployments.applications import document
from deployments.gateway import answers, slack_actions
from deployments.gateway.bodies import body_of
from deployments.gateway.requests import (
    LONGEST_BODY,
    NEEDED,
    BadRequest,
    BodyTooLong,
    BodyTooSlow,
    Hindered,
    Wanted,
    key,
    wanted,
)
from deployments.gateway.senders.contract import BadAlert, Unauthenticated
from deployments.gateway.senders_file import Senders
from deployments.gateway.starting import start
from deployments.gateway.taking import Intake, UnknownAlerts, UnknownSender
from domain.errors import BackoutError, NotAllowed, UnknownApplication, UnknownRelease, Unreachable

OK, ACCEPTED, UNAUTHORIZED, NOT_WELL = 200, 202, 401, 503
AGAIN = {"Retry-After": "5"}
"""Nothing was promised: the sender sends it again. A store or a Prefect that died is back within seconds."""

STATUSES: list[tuple[type[BackoutError], int]] = [
    (Unauthenticated, UNAUTHORIZED),
    (UnknownSender, 404),
    (UnknownAlerts, 422),
    (BadAlert, 400),
    (BodyTooLong, 413),
    (BodyTooSlow, 408),
    (Hindered, 409),
    (BadRequest, 400),
    (UnknownApplication, 404),
    (UnknownRelease, 404),
    (NotAllowed, 403),
    (Unreachable, 503),
    (SpoolFull, 503),
]
ALERTS = "/alerts/"
"""Below it each sender proves itself in its own way; nothing else is there."""

ALERTMANAGERS = "/alerts/{sender}/api/v2/alerts"
"""Where Prometheus posts to, when it is told that this is an Alertmanager."""

ASKED_AT_ONCE, TAKEN_AT_ONCE = 8, 40
"""Threads of what asks an application, which may hang, and of alerts: neither keeps the other waiting."""

REFUSED: dict[int | str, dict[str, Any]] = {
    code: {"description": "Refused: `error` says what failed, `next` what to do."}
    for code in sorted({code for _kind, code in STATUSES})
}
JSON_BODY = {"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}}
Result = TypeVar("Result")


class Guard:
    """Lets nobody in without the token; compared in constant time. What is refused is not read."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, or one message of the server's own life."""
        if self._lets_in(scope):
            await self._app(scope, receive, send)
            return
        body = {"error": NEEDED, "next": "`backout serve` prints the file that holds it"}
        refused = JSONResponse(body, UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
        await refused(scope, receive, send)

    def _lets_in(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["path"].startswith(ALERTS) or scope["path"] == slack_actions.PATH:
            return True
        return hmac.compare_digest(_authorization(scope), self._expected)


def _authorization(scope: Scope) -> bytes:
    return next((bytes(value) for name, value in scope["headers"] if name == b"authorization"), b"")


def create(home: Home, token: str, senders: Senders) -> FastAPI:
    """The API of this host's Backout."""
    app = FastAPI(title="Backout", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.add_middleware(Guard, token=token)
    app.add_exception_handler(BackoutError, _refused)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(OSError, _not_kept)
    _add_deployments(app, home)
    _add_alerts(app, Intake(home, senders))
    slack_actions.add_to(app, home)
    return app


def _add_deployments(app: FastAPI, home: Home) -> None:
    """The runbook's three, and what is measured."""
    asking = CapacityLimiter(ASKED_AT_ONCE)

    async def asked(answer: Callable[[Installation], Result]) -> Result:
        return await to_thread.run_sync(lambda: _with(home, answer), limiter=asking)

    async def status(application: str | None = None) -> dict[str, Any]:
        return await asked(lambda here: answers.status(here, _described(here, application)))

    async def health(application: str | None = None) -> JSONResponse:
        well, body = await asked(
            lambda here: answers.health(_described(here, application), alert_spool.count(home))
        )
        return JSONResponse(body, OK if well else NOT_WELL)

    async def rollback(request: Request) -> JSONResponse:
        asked = wanted(await body_of(request, LONGEST_BODY), dict(request.query_params))
        once = key(request.headers.get("idempotency-key"))
        body = await run_in_threadpool(_with, home, lambda here: start(here, asked, once))
        return JSONResponse(body, ACCEPTED)

    def metrics() -> Response:
        return Response(measures.shown(), media_type=measures.CONTENT_TYPE)

    asks = {"requestBody": {"content": {"application/json": {"schema": Wanted.model_json_schema()}}}}
    app.add_api_route("/deployment/status", status, methods=["GET"], responses=REFUSED)
    app.add_api_route(
        "/deployment/rollback", rollback, methods=["POST"], responses=REFUSED, status_code=ACCEPTED,
        openapi_extra=asks,
    )  # fmt: skip
    app.add_api_route("/health", health, methods=["GET"], responses=REFUSED)
    app.add_api_route("/metrics", metrics, methods=["GET"], responses=REFUSED)


def _add_alerts(app: FastAPI, intake: Intake) -> None:
    """What monitoring systems post to."""
    taking = CapacityLimiter(TAKEN_AT_ONCE)

    async def alerts(sender: str, request: Request) -> JSONResponse:
        named, headers = intake.sender(sender), dict(request.headers)
        intake.admit(named, headers)
        body = await body_of(request, named.longest_body)
        return JSONResponse(
            await to_thread.run_sync(intake.take, named, headers, body, limiter=taking), ACCEPTED
        )

    for path in ("/alerts/{sender}", ALERTMANAGERS):
        app.add_api_route(
            path, alerts, methods=["POST"], responses=REFUSED, status_code=ACCEPTED, openapi_extra=JSON_BODY
        )


def _with(home: Home, act: Callable[[Installation], Result]) -> Result:
    with installation(home) as here:
        return act(here)


def _described(here: Installation, application: str | None) -> Any:
    return document(here, answers.application_of(here, application))


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    """An error of ours: what failed, and what to do next."""
    if not isinstance(error, BackoutError):
        raise error
    code = next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
    headers = {"WWW-Authenticate": error.challenge} if isinstance(error, Unauthenticated) else {}
    if code == NOT_WELL:
        headers = AGAIN
    return JSONResponse({"error": error.what(), "next": error.next_step()}, code, headers=headers)


async def _gone(_request: Request, _error: Exception) -> JSONResponse:
    """The caller went away in the middle of its body: nobody reads this."""
    return JSONResponse({"error": "the body broke off", "next": "send it again"}, 400)


async def _not_kept(_request: Request, error: Exception) -> JSONResponse:
    """The disk of this host takes nothing: nothing was promised."""
    step = "see to the disk below BACKOUT_HOME, then send it again"
    return JSONResponse({"error": f"it could not be kept: {error}", "next": step}, NOT_WELL, headers=AGAIN)
