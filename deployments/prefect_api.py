"""The few calls that the CLI makes to Prefect's API, by httpx alone: importing Prefect costs seconds at 3 a.m."""

import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from blocks.home import Home
from blocks.installation import serving
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
        """Create a run of a deployment; its id. The key keeps a repeated call from making a second run."""
        found = self._call("GET", f"/deployments/name/{deployment}/{deployment}")
        body = {"parameters": parameters, "tags": tags, "idempotency_key": key or str(uuid.uuid4())}
        return str(self._call("POST", f"/deployments/{found['id']}/create_flow_run", body)["id"])

    def state(self, run: str) -> RunState:
        """Where the run stands. Raises LookupError where Prefect does not know it."""
        try:
            state = self._call("GET", f"/flow_runs/{run}")["state"] or {}
        except httpx.HTTPStatusError as error:
            raise LookupError(run) from error
        return RunState(
            state.get("type", "PENDING"), state.get("name", "Pending"), state.get("message") or ""
        )

    def resume(self, run: str, answer: dict[str, Any]) -> bool:
        """Wake a suspended run with an answer; False where it does not wait."""
        if self.state(run).type != "PAUSED":
            return False
        return bool(
            self._call("POST", f"/flow_runs/{run}/resume", {"run_input": answer})["status"] == "ACCEPT"
        )

    def application_block(self, application: str) -> dict[str, Any]:
        """A flow parameter that refers to the application's block. Raises UnknownApplication."""
        path = f"/block_types/slug/{BLOCK_TYPE}/block_documents/name/{block_name(application)}"
        try:
            return {"$ref": {"block_document_id": self._call("GET", path)["id"]}}
        except httpx.HTTPStatusError as error:
            if error.response.status_code == httpx.codes.NOT_FOUND:
                raise UnknownApplication(application=application) from None
            raise

    def runs(self, tags: list[str], limit: int = 200) -> list[dict[str, Any]]:
        """Runs that carry all the tags, newest first."""
        body = {"flow_runs": {"tags": {"all_": tags}}, "sort": "EXPECTED_START_TIME_DESC", "limit": limit}
        found: list[dict[str, Any]] = self._call("POST", "/flow_runs/filter", body)
        return found

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        def once() -> httpx.Response:
            return self._client.request(
                method, path, json=body, headers=self._headers() if body is not None else {}
            )

        response = self._patiently(once)
        response.raise_for_status()
        return response.json() if response.content else None

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
