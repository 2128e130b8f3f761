"""One rollback by the API, seen through: after an answer that says nothing the status is looked at, before anything is sent again."""

import hashlib
import json
import time

from blocks.deployment_api.client import ROLLBACK, WHAT_IT_IS, Came, DeploymentApiClient, Posted
from blocks.deployment_api.status import ApiStatus
from domain.errors import CommandFailed, Conflict, SwitchUnclear, Unreachable

POSTS = 2
"""At most; the second only where the first left it open, and the status still is what it was before."""

LOOK_AGAIN_S = 0.2


def key_of(url: str, before: ApiStatus, target: str) -> str:
    """The Idempotency-Key: the same for the same step from the same state, so that a run started again repeats it.

    The state holds the whole history: where the API adds each rollback to it, a later rollback has another key.
    """
    step = json.dumps([url, before.stamp, target])
    return f"backout-{hashlib.sha256(step.encode()).hexdigest()[:32]}"


class Switching:
    """From the environment that the status named to the one before it.

    Args:
        client: the API.
        before: its status, a moment ago.
        target: the environment before it.
        settle_s: seconds until the status must show the switch.
    """

    def __init__(self, client: DeploymentApiClient, before: ApiStatus, target: str, settle_s: float) -> None:
        self._client = client
        self._before = before
        self._target = target
        self._settle_s = settle_s

    def run(self) -> None:
        """Return when the status shows the switch.

        Raises:
            Unreachable: the POST never left; nothing was changed.
            CommandFailed: the API refused; nothing was changed.
            Conflict: another environment serves by now.
            SwitchUnclear: the POST may have been taken, and the status does not show it.
        """
        said: list[str] = []
        for number in range(POSTS):
            posted = self._client.roll_back(key_of(self._client.url, self._before, self._target))
            said.append(posted.said)
            if number == 0:
                self._refuse(posted)
            unmoved = self._unmoved_after()
            if unmoved is None:
                return
            if posted.came is not Came.UNCLEAR or not unmoved:
                break
        raise self._unclear("; ".join(said))

    def _refuse(self, posted: Posted) -> None:
        """An end where the first POST changed nothing for sure."""
        if posted.came is Came.NOT_SENT:
            raise Unreachable(what_it_is=WHAT_IT_IS, address=self._client.url, why=posted.said)
        if posted.came is Came.REFUSED:
            argv = ["POST", self._client.url + ROLLBACK]
            said = "the API refused; nothing was changed"
            raise CommandFailed(argv=argv, exit_code_seen=posted.status, output=said)

    def _unmoved_after(self) -> bool | None:
        """Wait for the switch: None when it is there, else whether the last look found all as it was before.

        Raises:
            Conflict: a third environment serves.
            SwitchUnclear: at the end the API could not be asked.
        """
        until = time.monotonic() + self._settle_s
        while True:
            found = self._look()
            if found is not None and found.current == self._target:
                return None
            if time.monotonic() > until:
                break
            time.sleep(LOOK_AGAIN_S)
        if found is None:
            raise self._unclear("the POST may have been taken, and its status cannot be asked")
        return found.stamp == self._before.stamp

    def _look(self) -> ApiStatus | None:
        """The status now; None where the API does not say."""
        try:
            found = self._client.status()
        except Unreachable:
            return None
        if found.current not in (self._before.current, self._target):
            on = f"the environment of {self._client.url}"
            raise Conflict(on=on, expected=self._before.current, found=found.current)
        return found

    def _unclear(self, known: str) -> SwitchUnclear:
        after = f"{known}; {self._settle_s:g} s later it is not switched, as far as can be seen"
        return SwitchUnclear(
            address=self._client.url, wanted=f"from {self._before.current} to {self._target}", known=after
        )
