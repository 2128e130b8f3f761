"""What an HTTP answer is held against, and how it is said what differs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from blocks.http_client import Answer

WELL = (
    "ok",
    "healthy",
    "up",
    "pass",
    "passed",
    "passing",
    "connected",
    "running",
    "ready",
    "true",
    "success",
)
"""Words with which an entry of a health endpoint's `checks` says that it is well."""

LONGEST_VALUE = 60
MISSING = object()

Status = Annotated[int, Field(ge=100, le=599)]


@dataclass(frozen=True)
class Mismatch:
    """Why an answer is not what was expected: a few comparable words, and a line for a person."""

    symptom: str
    said: str


class Expectation(BaseModel):
    """What a good answer looks like. What is not named is not looked at; the status is 200 unless said otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    status: Status | list[Status] = Field(
        default=200, description="The status, or the statuses that will do."
    )
    fields: dict[str, Any] = Field(
        default_factory=dict,
        alias="json",
        description="Keys and values that the JSON answer must hold among others.",
    )
    text: str | None = Field(default=None, description="Text that the answer must hold.")
    within_s: float | None = Field(default=None, gt=0, description="Seconds that the whole answer may take.")

    def mismatch(self, answer: Answer, *, allow_degraded: bool = False) -> Mismatch | None:
        """What differs first; None where the answer is good."""
        body = body_of(answer)
        degraded = body.get("status") == "degraded"
        if degraded and allow_degraded:
            body = {**body, "status": self.fields.get("status", "degraded")}
        return (
            self._wrong_status(answer, body, degraded_is_fine=degraded and allow_degraded)
            or (_degraded(body) if degraded and not allow_degraded else None)
            or self._wrong_json(answer, body)
            or self._wrong_text(answer)
            or self._too_slow(answer)
        )

    def _wrong_status(
        self, answer: Answer, body: Mapping[str, Any], *, degraded_is_fine: bool
    ) -> Mismatch | None:
        wanted = self.status if isinstance(self.status, list) else [self.status]
        # A degraded application may say so with 503, as NotesHub's does.
        if answer.status in wanted or (degraded_is_fine and answer.status == 503):  # noqa: PLR2004
            return None
        goal = f" to {answer.headers['location']}" if "location" in answer.headers else ""
        expected = " or ".join(map(str, wanted))
        symptom = " ".join([f"http {answer.status}", *failing(body)])
        return Mismatch(symptom, f"{symptom}{goal} (expected {expected})")

    def _wrong_json(self, answer: Answer, body: Mapping[str, Any]) -> Mismatch | None:
        if not self.fields:
            return None
        if not body:
            why = f"cut after {len(answer.body)} bytes" if answer.cut else "no JSON object"
            return Mismatch("json not readable", f"the answer is not readable as JSON: {why}")
        found = first_difference(self.fields, body)
        if found is None:
            return None
        where, wanted, value = found
        differs = f"json {where} missing" if value is MISSING else f"json {where}={_short(value)}"
        return Mismatch(" ".join([differs, *failing(body)]), f"{differs} (expected {_short(wanted)})")

    def _wrong_text(self, answer: Answer) -> Mismatch | None:
        if self.text is None or self.text in answer.text():
            return None
        cut = f" in its first {len(answer.body)} bytes" if answer.cut else ""
        return Mismatch("text missing", f"the answer does not hold {self.text!r}{cut}")

    def _too_slow(self, answer: Answer) -> Mismatch | None:
        if self.within_s is None or answer.seconds <= self.within_s:
            return None
        return Mismatch(
            "slow", f"answered after {answer.seconds:.2f} s (expected within {self.within_s:g} s)"
        )


def body_of(answer: Answer) -> dict[str, Any]:
    """The answer's JSON object; empty where it is none."""
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def value_at(body: Any, path: str) -> Any:
    """What a dotted path (`data.items.0.id`) leads to; MISSING where it leads nowhere."""
    for part in path.split("."):
        if isinstance(body, Mapping) and part in body:
            body = body[part]
        elif isinstance(body, list) and part.isdecimal() and int(part) < len(body):
            body = body[int(part)]
        else:
            return MISSING
    return body


def failing(body: Mapping[str, Any]) -> list[str]:
    """The names under `checks` that do not say that they are well, sorted."""
    checks = body.get("checks")
    if not isinstance(checks, Mapping):
        return []
    return sorted(str(name)[:LONGEST_VALUE] for name, said in checks.items() if not _well(said))


def _well(said: Any) -> bool:
    if isinstance(said, Mapping):
        said = said.get("status", "")
    return str(said).lower() in WELL


def _degraded(body: Mapping[str, Any]) -> Mismatch:
    symptom = " ".join(["degraded", *failing(body)])
    return Mismatch(symptom, f"{symptom} (allow_degraded: true would accept it)")


def first_difference(wanted: Any, found: Any, path: str = "") -> tuple[str, Any, Any] | None:
    """Path, wanted and found value of the first that differs; mappings may hold more than is wanted."""
    if not (isinstance(wanted, Mapping) and isinstance(found, Mapping)):
        return None if _same(wanted, found) else (path, wanted, found)
    for key, value in wanted.items():
        where = f"{path}.{key}" if path else key
        if key not in found:
            return where, value, MISSING
        if difference := first_difference(value, found[key], where):
            return difference
    return None


def _same(wanted: Any, found: Any) -> bool:
    """Equal, and no boolean taken for a number: Python says that 1 is True."""
    return wanted == found and isinstance(wanted, bool) == isinstance(found, bool)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return printable if len(printable) <= LONGEST_VALUE else printable[:LONGEST_VALUE] + "..."
