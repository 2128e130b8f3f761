"""The few calls that the CLI makes to Prefect's API, by httpx alone: importing Prefect costs seconds at 3 a.m."""

import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from blocks.home import Home
from blocks.installation import serving
from deployments.event_refusal import EventsRefused, reason, refused_for_good
from domain.errors import PrefectUnavailable, UnknownApplication
from domain.names import block_name

BUSY_S = 0.15
PATIENCE_S = 10.0
BUSY = (httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.TOO_MANY_REQUESTS)
BLOCK_TYPE = "backout-application"


@dataclass(frozen=True)
class RunState:
    """Where a run stands. `type` is one of Prefect's, e.g. `COMPLETED`; `done`: it will not change any more."""

    type: str
    name: str
    message: str

    @property
    def done(self) -> bool:
        """Whether it is final."""
        return self.type in ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")


class PrefectApi:
    """Prefect's API at one URL. Every call raises PrefectUnavailable where it does not answer."""

    def __init__(self, url: str, auth: str | None = None) -> None:
        self.url = url.rstrip("/")
        pair = httpx.BasicAuth(*auth.split(":", 1)) if auth else None
        self._client = httpx.Client(base_url=self.url, auth=pair, timeout=10.0, trust_env=False)
        self._csrf: dict[str, str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End its connections."""
        self._client.close()

    @classmethod
    def find(cls, home: Home) -> "PrefectApi":
        """The server of `PREFECT_API_URL`, else the running `serve`'s. Raises PrefectUnavailable where there is none."""
        if url := os.environ.get("PREFECT_API_URL"):
            return cls(url, os.environ.get("PREFECT_API_AUTH_STRING"))
        found = serving(home)
        if found is None:
            raise PrefectUnavailable(
                what_it_is="Prefect", address=str(home.serve_file), why="no `backout serve` runs here"
            )
        auth = Path(found["auth_file"]).read_text(encoding="utf-8") if found["auth_file"] else None
        return cls(found["prefect_api_url"], auth)

    def start(
        self, deployment: str, parameters: dict[str, Any], tags: list[str], key: str | None = None
    ) -> str:
        """Create a run of a deployment; its id. The key keeps a repeated call from making a second run.

        The flow itself checks the parameters: the form's choices are for people, and may be older than the releases.
        """
        found = self.call("GET", f"/deployments/name/{deployment}/{deployment}")
        if found is None:
            why = f"it has no deployment {deployment}: is it the server of `backout serve`?"
            raise PrefectUnavailable(what_it_is="Prefect", address=self.url, why=why)
        body = {
            "parameters": parameters,
            "tags": tags,
            "idempotency_key": key or str(uuid.uuid4()),
            "enforce_parameter_schema": False,
        }
        return str(self.call("POST", f"/deployments/{found['id']}/create_flow_run", body)["id"])

    def offer(self, deployment: str, field: str, choices: list[str]) -> None:
        """Make a text field of a deployment's form a choice, with room for what is not among them.

        Nothing where there is no such deployment or field.
        """
        found = self.call("GET", f"/deployments/name/{deployment}/{deployment}") or {}
        schema = found.get("parameter_openapi_schema") or {}
        asked = schema.get("properties", {}).get(field)
        either = [
            {"type": "string", "title": "known", "enum": choices},
            {"type": "string", "title": "another"},
        ]
        if asked is not None and asked.get("anyOf") != either:
            asked.pop("type", None)
            asked["anyOf"] = either
            self.call("PATCH", f"/deployments/{found['id']}", {"parameter_openapi_schema": schema})

    def state(self, run: str) -> RunState:
        """Where the run stands. Raises LookupError where Prefect does not know it."""
        found = self.call("GET", f"/flow_runs/{run}")
        if found is None:
            raise LookupError(run)
        state = found["state"] or {}
        return RunState(
            state.get("type", "PENDING"), state.get("name", "Pending"), state.get("message") or ""
        )

    def resume(self, run: str, answer: dict[str, Any]) -> bool:
        """Wake a suspended run with an answer; False where it does not wait."""
        if self.state(run).type != "PAUSED":
            return False
        return bool(
            self.call("POST", f"/flow_runs/{run}/resume", {"run_input": answer})["status"] == "ACCEPT"
        )

    def cancel(self, run: str, message: str) -> None:
        """Make the run Cancelled, whatever it is now: for one that has no process, or whose process has ended."""
        state = {"type": "CANCELLED", "name": "Cancelled", "message": message}
        self.call("POST", f"/flow_runs/{run}/set_state", {"state": state, "force": True})

    def application_block(self, application: str) -> dict[str, Any]:
        """A flow parameter that refers to the application's block. Raises UnknownApplication."""
        found = self._block(application)
        if found is None:
            raise UnknownApplication(application=application)
        return {"$ref": {"block_document_id": found["id"]}}

    def application(self, application: str) -> dict[str, Any] | None:
        """The block's fields as the server has them, secrets masked; None where there is no such block."""
        found = self._block(application)
        return None if found is None else dict(found["data"])

    def secrets(self, application: str) -> dict[str, str]:
        """The values kept in the application's block, in clear; empty where there is no such block."""
        found = self._block(application, "?include_secrets=true")
        return {} if found is None else dict(found["data"].get("secrets") or {})

    def emit(self, event: dict[str, Any]) -> None:
        """Give Prefect one event; returns once it has it, unlike Prefect's own `emit_event`, which forgets failures."""
        self.emit_all([event])

    def emit_all(self, events: list[dict[str, Any]]) -> None:
        """Give Prefect several events in one call; it takes all, or none. Raises PrefectUnavailable.

        EventsRefused: it does not take them as they are, and will not tomorrow.
        """
        response = self._sent("POST", "/events", events)
        if response.status_code == httpx.codes.NOT_FOUND:
            why = "POST /events got 404: is this Prefect's API?"
            raise PrefectUnavailable(what_it_is="Prefect", address=self.url, why=why)
        if refused_for_good(response):
            raise EventsRefused(response.status_code, reason(response))
        if not response.is_success:
            raise self._no_use("POST", "/events", response)

    def count_events(self, name: str) -> int:
        """How many events of this name Prefect keeps."""
        body = {"filter": {"event": {"name": [name]}}, "limit": 1}
        return int(self.call("POST", "/events/filter", body)["total"])

    def runs(self, tags: list[str], limit: int = 200) -> list[dict[str, Any]]:
        """Runs that carry all the tags, newest first."""
        body = {"flow_runs": {"tags": {"all_": tags}}, "sort": "EXPECTED_START_TIME_DESC", "limit": limit}
        found: list[dict[str, Any]] = self.call("POST", "/flow_runs/filter", body)
        return found

    def _block(self, application: str, query: str = "") -> Any:
        name = block_name(application)
        return self.call("GET", f"/block_types/slug/{BLOCK_TYPE}/block_documents/name/{name}{query}")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON; None where there is no such thing, or no content."""
        response = self._answer(method, path, body)
        if response.status_code in (httpx.codes.NOT_FOUND, httpx.codes.NO_CONTENT):
            return None
        try:
            return response.json()
        except ValueError as error:
            raise self._no_use(method, path, response) from error

    def _answer(self, method: str, path: str, body: Any) -> httpx.Response:
        """A good answer, or that there is no such thing."""
        response = self._sent(method, path, body)
        if response.is_success or response.status_code == httpx.codes.NOT_FOUND:
            return response
        raise self._no_use(method, path, response)

    def _sent(self, method: str, path: str, body: Any) -> httpx.Response:
        """Whatever is answered."""

        def once() -> httpx.Response:
            return self._client.request(
                method, path, json=body, headers=self._headers() if body is not None else {}
            )

        return self._patiently(once)

    def _no_use(self, method: str, path: str, response: httpx.Response) -> PrefectUnavailable:
        why = f"{method} {path} got {response.status_code}, {_why(response)}"
        return PrefectUnavailable(what_it_is="Prefect", address=self.url, why=why)

    def _headers(self) -> dict[str, str]:
        """Prefect's protection against requests forged by a web page: a token, fetched once."""
        if self._csrf is None:
            client = str(uuid.uuid4())
            response = self._client.get("/csrf-token", params={"client": client})
            token = response.json().get("token", "") if response.status_code == httpx.codes.OK else ""
            self._csrf = {"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": client} if token else {}
        return self._csrf

    def _patiently(self, once: Callable[[], httpx.Response]) -> httpx.Response:
        """Try again while the server is busy."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                response = once()
            except httpx.TransportError as error:
                why = str(error) or type(error).__name__
                raise PrefectUnavailable(what_it_is="Prefect", address=self.url, why=why) from error
            if response.status_code not in BUSY or time.monotonic() > deadline:
                return response
            time.sleep(BUSY_S)


def _why(response: httpx.Response) -> str:
    """What to think of an answer that is no use."""
    if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return "it does not take this credential (PREFECT_API_AUTH_STRING)"
    if response.is_error:
        return "it could not do it"
    return "which is no JSON: is this Prefect's API?"
