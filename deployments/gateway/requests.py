"""What a caller of the API may send, checked: its words are for people who type curl."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from domain.errors import BackoutError
from domain.severity import Severity

LONGEST_BODY = 64 * 1024
LONGEST_KEY = 200
NEEDED = "Authorization: Bearer TOKEN is needed"
"""What the API answers whoever has no token: so it is known from another program on its port."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


@dataclass(eq=False)
class BadRequest(BackoutError):
    """A request that cannot be used; nothing was started."""

    problem: str
    step: str = "correct the request: docs/deployment-api.md shows what it may hold"

    def what(self) -> str:
        """What is wrong with it."""
        return self.problem

    def next_step(self) -> str:
        """What to do."""
        return self.step


class BodyTooLong(BadRequest):
    """A body of more than `LONGEST_BODY` bytes; it was not read to its end."""


class BodyTooSlow(BadRequest):
    """A body that did not come to its end in time."""


class Hindered(BadRequest):
    """A good request that no run would carry out now: drift, or no Prefect."""


class Wanted(BaseModel):
    """A rollback as it was asked for. Nobody can ask here to skip consent.

    Attributes:
        application: may be left out where there is one.
        target: the release to go back to; None lets the assessment choose.
        by: who asks, as they say.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    application: Name | None = None
    runbook: Literal["rollback", "emergency"] = "rollback"
    target: Name | None = None
    severity: Severity | None = None
    issue: Name | None = None
    reason: Line = ""
    impact: Line = ""
    users: int | None = Field(default=None, ge=0)
    downtime: Line = ""
    by: Name = ""


def wanted(body: bytes, query: Mapping[str, str]) -> Wanted:
    """The request of a body, JSON or empty, and a query; the body wins. Raises BadRequest."""
    try:
        return Wanted.model_validate({**query, **_fields(body)})
    except ValidationError as error:
        raise BadRequest("; ".join(_said(problem) for problem in error.errors())) from None


def _fields(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest('the body is no JSON: send {"reason": "..."}, or nothing at all') from None
    if not isinstance(found, dict):
        raise BadRequest('the body is no JSON object: send {"reason": "..."}, or nothing at all')
    return found


def _said(problem: Any) -> str:
    """One problem in words; what was sent is not repeated."""
    where = ".".join(str(part) for part in problem["loc"])[:100]
    if problem["type"] == "extra_forbidden":
        return f"{where!r} is not known; known are {', '.join(Wanted.model_fields)}"
    return f"{where}: {problem['msg']}"


def key(header: str | None) -> str | None:
    """The Idempotency-Key, None where none was sent. Raises BadRequest."""
    if header is None:
        return None
    if not header.strip() or len(header) > LONGEST_KEY or not header.isprintable():
        raise BadRequest(f"Idempotency-Key must be 1 to {LONGEST_KEY} printable letters")
    return header.strip()
