"""Speaking to an HTTP deployment API: what only asks is asked again, what changes something is sent once.

By Backout's own client: its deadline holds for all of an answer, and its errors never hold what was sent.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from blocks.deployment_api.status import ApiStatus, read
from blocks.http_client import Answer, HttpClient, NoAnswer
from domain.errors import NotPermitted, Unreachable

STATUS = "/deployment/status"
ROLLBACK = "/deployment/rollback"
KEY_HEADER = "Idempotency-Key"
WHAT_IT_IS = "the deployment API"

PAUSES_S = (0.2, 1.0)
"""Seconds before each further try of a question."""

LONGEST_STATUS = 4 * 1024 * 1024
NOT_SENT = ("refused", "unknown host", "not http")
"""Symptoms of a request that never left this host, or that nobody took."""

UNDER_WAY = (
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.LOCKED,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
)
"""Refusals that leave open whether an earlier POST is being done."""


class Came(StrEnum):
    """What is known of a POST. Only `refused` and `not sent` say that nothing was changed."""

    ACCEPTED = "accepted"
    UNCLEAR = "unclear"
    REFUSED = "refused"
    NOT_SENT = "not sent"


@dataclass(frozen=True)
class Posted:
    """One POST, and what came of it.

    Attributes:
        said: a line for a person, without what was sent.
        status: of the answer; 0 where none came.
    """

    came: Came
    said: str
    status: int = 0


class DeploymentApiClient:
    """The API at one base URL. `headers` hold the credential; they are in no message and no error."""

    def __init__(self, url: str, headers: Mapping[str, str], timeout_s: float, post_timeout_s: float) -> None:
        self.url = url
        self._headers = headers
        self._timeout_s = timeout_s
        self._post_timeout_s = post_timeout_s

    def body(self) -> Any:
        """The status as it came. Raises Unreachable, after some tries; NotPermitted where the credential is refused."""
        answer = self._asked()
        if answer.cut:
            raise self._unreachable(f"its status is longer than {LONGEST_STATUS} bytes")
        try:
            return answer.json()
        except (ValueError, RecursionError):
            raise self._unreachable("its status is no JSON") from None

    def status(self) -> ApiStatus:
        """The status, read. Raises as `body`, and Unreachable where it does not say which environment serves."""
        try:
            return read(self.body())
        except ValueError as error:
            raise self._unreachable(str(error)) from None

    def roll_back(self, key: str) -> Posted:
        """Send the one POST, on a connection of its own: one that was kept could be closed under it."""
        headers = {**self._headers, KEY_HEADER: key}
        try:
            with HttpClient() as client:
                answer = client.ask("POST", self.url + ROLLBACK, headers, b"", within_s=self._post_timeout_s)
        except NoAnswer as error:
            came = Came.NOT_SENT if error.symptom in NOT_SENT else Came.UNCLEAR
            return Posted(came, f"the POST got no answer: {error.said}")
        return Posted(_came(answer.status), f"the POST was answered with {answer.status}", answer.status)

    def _asked(self) -> Answer:
        for pause in PAUSES_S:
            try:
                return self._ask()
            except NotPermitted:
                raise
            except Unreachable:
                time.sleep(pause)
        return self._ask()

    def _ask(self) -> Answer:
        try:
            with HttpClient(longest=LONGEST_STATUS) as client:
                answer = client.ask("GET", self.url + STATUS, self._headers, None, within_s=self._timeout_s)
        except NoAnswer as error:
            raise self._unreachable(error.said) from None
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            why = f"it does not take this credential ({answer.status})"
            raise NotPermitted(what_it_is=WHAT_IT_IS, address=self.url, why=why)
        if answer.status != HTTPStatus.OK:
            raise self._unreachable(f"its status got {answer.status}")
        return answer

    def _unreachable(self, why: str) -> Unreachable:
        return Unreachable(what_it_is=WHAT_IT_IS, address=self.url, why=why)


def _came(status: int) -> Came:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Came.ACCEPTED
    if status in UNDER_WAY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Came.UNCLEAR
    return Came.REFUSED
