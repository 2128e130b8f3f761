"""Asking a Kubernetes API server: with patience where it is away or busy, and its refusals as errors of ours."""

import ssl
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import httpx2
from lightkube.core.exceptions import ConfigError

from blocks.kubernetes.resources import Json
from domain.errors import (
    BackoutError,
    ClusterForbids,
    ClusterUnavailable,
    ClusterUntrusted,
    CommandFailed,
    Conflict,
    NotLoggedIn,
)

WHAT = "the Kubernetes API server"
UNAUTHORIZED, FORBIDDEN, MISSING, CONFLICT, TOO_MANY = 401, 403, 404, 409, 429
AWAY = frozenset({502, 503, 504})
NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout)
BY_ROLE = " cannot "
"""How RBAC refuses: `User "shop" cannot patch resource ...`. Quotas and admission webhooks answer 403 too, in other words."""

ASK_AGAIN_S = 0.5
FAILED = 1
LONGEST_WORDS = 400


@dataclass(frozen=True)
class NotNow:
    """Why there is no answer yet. `unclear`: whether what was asked for may have been done all the same."""

    why: str
    unclear: bool = False
    pause_s: float = ASK_AGAIN_S


@dataclass(frozen=True)
class Api:
    """The API server.

    A question is asked again until there is an answer; a change only where it surely did not reach the server, or the
    server put it off (429).

    Attributes:
        address: for messages.
        away_s: seconds that it may be away.
    """

    http: httpx2.Client
    address: str
    away_s: float

    def ask(
        self, method: str, path: str, *, question: bool = False, settles: Collection[int] = (), **rest: Any
    ) -> httpx2.Response:
        """The answer, whatever it says.

        Args:
            method: GET is always a question.
            path: below the server's address.
            question: it changes nothing, whatever its method.
            settles: statuses that are an answer here, not a reason to wait.
            rest: as `httpx2` takes it: `json`, `params`, `headers`.

        Raises:
            ClusterUnavailable: no answer in `away_s`; or a change whose answer was lost, which may have been done.
            NotLoggedIn: the kubeconfig's login program, or token file, gives no credential.
            ClusterUntrusted: it is not the server that the kubeconfig's CA vouches for.
        """
        question = question or method == "GET"
        deadline = time.monotonic() + self.away_s
        while isinstance(answer := self._once(method, path, settles, **rest), NotNow):
            lost = answer.unclear and not question
            if lost or time.monotonic() + answer.pause_s > deadline:
                raise ClusterUnavailable(what_it_is=WHAT, address=self.address, why=answer.why)
            time.sleep(answer.pause_s)
        return answer

    def refused(self, answer: httpx2.Response, doing: str) -> BackoutError:
        """The error of an answer that is one. `doing`: what `kubectl` would be asked for."""
        said = _words(answer)
        if answer.status_code == UNAUTHORIZED:
            return self._not_logged_in("it does not take this credential (401): it is wrong, or has expired")
        if answer.status_code == FORBIDDEN and BY_ROLE in said:
            return ClusterForbids(what_it_is=WHAT, address=self.address, why=said)
        if answer.status_code == CONFLICT:
            return Conflict(on=f"what `kubectl {doing}` changes", expected="as it was", found="changed")
        output = f"{answer.status_code}: {said}"
        return CommandFailed(argv=["kubectl", *doing.split()], exit_code_seen=FAILED, output=output)

    def json(self, answer: httpx2.Response, doing: str) -> Json:
        """What a good answer holds. Raises as `refused` says."""
        if answer.is_error:
            raise self.refused(answer, doing)
        body: Json = answer.json()
        return body

    def _once(
        self, method: str, path: str, settles: Collection[int], **rest: Any
    ) -> httpx2.Response | NotNow:
        try:
            answer = self.http.request(method, path, **rest)
        except NEVER_SENT as error:
            if untrusted := _untrusted(error):
                raise ClusterUntrusted(what_it_is=WHAT, address=self.address, why=untrusted) from None
            return NotNow(str(error) or "no connection")
        except httpx2.TransportError as error:
            return NotNow(str(error) or type(error).__name__, unclear=True)
        except ConfigError as error:
            raise self._not_logged_in(str(error)) from None
        except OSError as error:
            raise self._not_logged_in(f"its token file: {error.strerror}") from None
        if answer.status_code in settles:
            return answer
        return _not_now(answer) or answer

    def _not_logged_in(self, why: str) -> NotLoggedIn:
        return NotLoggedIn(what_it_is=WHAT, address=self.address, why=why)


def _not_now(answer: httpx2.Response) -> NotNow | None:
    if answer.status_code == TOO_MANY:
        return NotNow(f"it is asked too much: {_words(answer)}", pause_s=_asked_for(answer))
    # A 500 with a time says that its own store is being moved; it is over soon.
    soon = answer.is_server_error and "Retry-After" in answer.headers
    if answer.status_code in AWAY or soon:
        why = f"it answers {answer.status_code}: {_words(answer)}"
        return NotNow(why, unclear=True, pause_s=_asked_for(answer))
    return None


def _untrusted(error: BaseException | None) -> str:
    """What is wrong with the server's certificate, where that is why there is no connection: waiting does not mend it."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return f"its certificate is not trusted: {error.verify_message}" if error else ""


def _words(answer: httpx2.Response) -> str:
    """What the server says about it, one line."""
    try:
        said = str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        said = answer.text
    return " ".join(said.split())[:LONGEST_WORDS]


def _asked_for(answer: httpx2.Response) -> float:
    """The seconds that the server asks us to wait (RFC 9110, 10.2.3); Kubernetes never says a date."""
    said = answer.headers.get("Retry-After", "")
    return max(float(said), ASK_AGAIN_S) if said.isdecimal() else ASK_AGAIN_S
