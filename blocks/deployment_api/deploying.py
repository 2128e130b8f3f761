"""A new release behind the API: brought by a command, and seen through to the status, which alone says what serves."""

import time
from collections.abc import Callable

from blocks.deployment_api.client import DeploymentApiClient
from blocks.deployment_api.status import FAILED, UNFINISHED, ApiStatus
from blocks.hosts.local import nothing
from blocks.routers.contract import Receipt
from blocks.takes_place import Bring
from domain.errors import NotInstalled, SwitchUnclear, Unreachable

LOOK_AGAIN_S = 0.2


def no_way_back(status: ApiStatus, serving: str) -> str:
    """Why a rollback by the API would not lead back to what serves now; empty where it would."""
    entry = status.serving
    if status.current != serving:
        return f"the API says that {status.current} serves, and not {serving}"
    if entry.version is None:
        return f"the API does not say which release {serving} holds"
    if entry not in status.history:
        return f"{serving} is not in the API's history, which it goes back by"
    if not entry.served:
        return f"its last deployment did not end well: {entry.said}"
    return ""


def unfinished(status: ApiStatus) -> str:
    """The newest deployment, where the API says that it still goes on; empty where it does not."""
    newest = status.history[-1] if status.history else None
    return newest.said if newest and newest.state in UNFINISHED else ""


def bring(  # noqa: PLR0913, PLR0917 - what it is waited with has a default
    client: DeploymentApiClient,
    before: ApiStatus,
    slot: str,
    release: str,
    settle_s: float,
    run: Bring,
    meanwhile: Callable[[], None] = nothing,
) -> Receipt:
    """Run the command, and wait until the status shows the release in its environment, with the traffic.

    `meanwhile`: called with each look; what it raises ends the wait, and is raised here.

    Raises:
        NotInstalled: the status shows what it showed before, and at most deployments that failed; nothing was changed.
        SwitchUnclear: it shows something else, or cannot be asked. What still runs can take the traffic later.
        CommandFailed: the command failed; where traffic is, the status says.
    """
    run()
    until = time.monotonic() + settle_s
    while True:
        found = _look(client)
        if found and found.current == slot and found.serving.version == release:
            return Receipt(changed=True, before=before.current, after=slot, cost=COST)
        if time.monotonic() > until:
            break
        meanwhile()
        time.sleep(LOOK_AGAIN_S)
    if found and _as_before(found, before):
        raise NotInstalled(release=release, slot=slot, why=f"{found.serving.said} serves, as before")
    known = f"its status shows {found.serving.said}" if found else "its status cannot be asked"
    raise SwitchUnclear(
        address=client.url, wanted=f"from {before.current} to {release} in {slot}", known=known
    )


def _as_before(found: ApiStatus, before: ApiStatus) -> bool:
    """Whether nothing came but deployments that ended badly: one that goes on, or that nobody knows, may still come to serve."""
    rest = [entry for entry in found.history if entry in before.history or entry.state not in FAILED]
    return found.model_copy(update={"history": rest}) == before


COST = "the API switched by itself; what its users noticed is not known here"


def _look(client: DeploymentApiClient) -> ApiStatus | None:
    try:
        return client.status()
    except Unreachable:
        return None
