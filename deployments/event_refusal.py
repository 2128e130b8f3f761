"""Events that Prefect refuses for good: one of them costs no other, and none is taken for refused where Prefect takes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from domain.alert import one_line
from domain.errors import BackoutError, PrefectUnavailable

NOT_OF_THE_EVENT = (401, 403, 404, 405, 407, 408, 421, 425, 426, 429)
"""Refusals of the credential, of the address, of the connection, or of this moment: they are mended, or pass."""

LONGEST_REASON = 300

Event = dict[str, Any]


@dataclass(eq=False)
class EventsRefused(BackoutError):
    """Prefect does not take these events as they are, however often they are sent. `why`: its own words, one line."""

    status: int
    why: str

    def what(self) -> str:
        """What it answered."""
        return f"Prefect refuses the event: {self.status}, {self.why}"

    def next_step(self) -> str:
        """Where those of alerts are."""
        return "`backout alerts` shows the alerts whose events were refused"


class Events(Protocol):
    """Whoever takes events. `url`: where."""

    url: str

    def emit_all(self, events: list[Event]) -> None:
        """Take them all, or raise."""


def refused_for_good(response: httpx.Response) -> bool:
    """Whether the answer is about what was sent, and would be the same tomorrow."""
    return response.is_client_error and response.status_code not in NOT_OF_THE_EVENT


def reason(response: httpx.Response) -> str:
    """Why, in the words of the answer: what Prefect says of each field, else the start of whatever it says."""
    try:
        said = response.json()
    except ValueError:
        said = response.text
    if isinstance(said, dict):
        said = said.get("exception_detail") or said.get("detail") or said
    if isinstance(said, list):
        said = "; ".join(_of_field(one) for one in said)
    return one_line(said, LONGEST_REASON)


def _of_field(said: Any) -> str:
    """One complaint, without the value that is complained of."""
    if not isinstance(said, dict) or "msg" not in said:
        return one_line(said)
    place = ".".join(str(part) for part in said.get("loc") or ())
    return f"{place}: {said['msg']}"


def emit(api: Events, events: Sequence[Event]) -> dict[str, str]:
    """Give Prefect the events; id -> why, of those that it refuses for good. Raises PrefectUnavailable.

    Halved until the ones that are refused stand alone. Prefect takes an event of an id once: what was sent before does no harm.
    """
    try:
        api.emit_all(list(events))
    except EventsRefused as error:
        if len(events) == 1:
            _takes_any(api)
            return {str(events[0]["id"]): error.what()}
        half = len(events) // 2
        return {**emit(api, events[:half]), **emit(api, events[half:])}
    return {}


def _takes_any(api: Events) -> None:
    """No event at all is fine with Prefect, and not with a proxy that refuses everything. Raises PrefectUnavailable."""
    try:
        api.emit_all([])
    except EventsRefused as error:
        why = f"it refuses even no event ({error.status}): is this Prefect's API?"
        raise PrefectUnavailable(what_it_is="Prefect", address=api.url, why=why) from error
