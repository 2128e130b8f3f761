"""`http`: one request to a health endpoint, or to any other."""

from typing import Any, Literal

from pydantic import Field

from blocks.http_client import Answer, HttpClient, NoAnswer
from blocks.http_expectation import body_of, value_at
from blocks.http_request import HttpRequest, send
from blocks.signals.contract import Place, Signal
from domain.findings import Finding

LONGEST_VERSION = 100


class Http(HttpRequest, Signal):
    """Sends one request and holds its answer against `expect`. Redirects are answers; they are not followed."""

    kind: Literal["http"] = "http"
    timeout_s: float = Field(default=3.0, gt=0, le=60, description="Seconds for all of it, to the last byte.")
    version: str | None = Field(
        default=None, description="Key of the JSON answer, dotted, that holds the release's version."
    )
    allow_degraded: bool = Field(
        default=False, description='Whether an answer with `"status": "degraded"` is ok.'
    )

    def observe(self, place: Place) -> Finding:
        """Look once, within `timeout_s`. What did not answer by then took at least as long: the value is what was waited."""
        if place.url is None:
            return self.no_data(place, f"{place.name} has no address")
        try:
            with HttpClient() as client:
                answer = send(client, place.url, self, self.timeout_s)
        except NoAnswer as error:
            return self.bad(place, error.said, error.symptom, value=error.seconds, unit="s")
        return self._judged(place, answer)

    def _judged(self, place: Place, answer: Answer) -> Finding:
        measured: dict[str, Any] = {"value": answer.seconds, "unit": "s", "version": self._version(answer)}
        mismatch = self.expect.mismatch(answer, allow_degraded=self.allow_degraded)
        if mismatch:
            return self.bad(place, mismatch.said, mismatch.symptom, **measured)
        return self.ok(place, f"http {answer.status} in {answer.seconds:.3f} s", **measured)

    def _version(self, answer: Answer) -> str | None:
        if self.version is None:
            return None
        found = value_at(body_of(answer), self.version)
        return str(found)[:LONGEST_VERSION] if isinstance(found, str | int | float) else None
