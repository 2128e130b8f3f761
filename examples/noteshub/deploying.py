"""NotesHub's "Deployment Flow": a release goes into the idle slot that holds the oldest one, then gets its traffic in steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import httpx

from blocks.environment_text import rewritten, values
from blocks.routers.contract import WeightedRouter
from blocks.supervision.environment_file import PREVIOUS, SLOT, VERSION
from examples.demo.schema import migrate
from examples.demo.waiting import wait_until
from examples.noteshub.release import Release
from examples.noteshub.stack import Stack

STEPS = (10, 25, 50, 100)
"""Per cent of the traffic; a router of ten doors takes 25 for 30."""

HEALTHY_S = 30.0


def next_slot(stack: Stack) -> str:
    """An empty slot, else the idle one whose release is the oldest."""
    serving = serving_slot(stack)
    idle = [slot for slot in stack.slots if slot != serving]
    return min(idle, key=lambda slot: _age(stack, slot))


def serving_slot(stack: Stack) -> str | None:
    """Which slot has the traffic; None before the first deployment."""
    if not (stack.run / "active").is_symlink():
        return None
    return stack.platform().route().slot


def deploy(
    stack: Stack,
    release: Release,
    slot: str,
    *,
    steps: Sequence[int] = STEPS,
    healthy_s: float = HEALTHY_S,
    looked: Callable[[int], None] = lambda _share: None,
) -> None:
    """Put it in, migrate, start it, see that it is healthy, give it its traffic step by step.

    Args:
        stack: where.
        release: what.
        slot: an idle one.
        steps: per cent of the traffic, the last one 100.
        healthy_s: seconds that it has to become healthy.
        looked: called after each step.

    Raises:
        TimeoutError: it does not become healthy; it gets no traffic.
        Conflict: the slot serves.
    """
    put_in(stack, release, slot)
    wait_until(lambda: is_healthy(stack, slot), f"{release.version} in {slot}", healthy_s)
    _give_traffic(stack, slot, steps, looked)
    settle(stack, slot, release.version)


def settle(stack: Stack, slot: str, version: str) -> None:
    """The last step: `.env.production` names what serves now, and what lives outside of the slots is started with it."""
    text = stack.environment_file.read_text()
    named = {VERSION: version, SLOT: slot, PREVIOUS: values(text)[VERSION]}
    stack.environment_file.write_text(rewritten(text, named))
    stack.platform().align(slot, thorough=True)


def put_in(stack: Stack, release: Release, slot: str) -> None:
    """Put a release into an idle slot, with its migrations, and start it; nobody looks at it yet. Raises Conflict."""
    platform = stack.platform()
    if serving_slot(stack) is not None:
        platform.stop(slot)
    folder = release.lay_out(stack.releases)
    _link(stack, slot, release.version)
    migrate(stack.database_url, folder / "migrations")
    platform.start(slot)


def _give_traffic(stack: Stack, slot: str, steps: Sequence[int], looked: Callable[[int], None]) -> None:
    serving = serving_slot(stack)
    if serving is None:
        open_doors(stack, slot)
        return
    platform = stack.platform()
    if not isinstance(platform.router, WeightedRouter):
        raise TypeError(f"{platform.router.kind} shares no traffic out")
    for step in steps:
        share = min(100, -(-step // platform.router.grain) * platform.router.grain)
        shares = {slot: share, serving: 100 - share} if share < 100 else {slot: 100}  # noqa: PLR2004
        platform.router.share(shares, platform.upstreams(), platform.route())
        looked(share)


def open_doors(stack: Stack, slot: str) -> None:
    """Ten links to the first slot's socket; from then on Backout's router keeps them."""
    folder = stack.run / "active.routes" / f"{slot}-first"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(10):
        (folder / f"{number}.sock").symlink_to(stack.run / f"{slot}.sock")
    (stack.run / "active").symlink_to(folder.relative_to(stack.run))


def _link(stack: Stack, slot: str, version: str) -> None:
    half = stack.slot_link(slot).with_suffix(".half")
    half.unlink(missing_ok=True)
    half.symlink_to(f"../releases/{version}")
    half.replace(stack.slot_link(slot))


def _age(stack: Stack, slot: str) -> float:
    link = stack.slot_link(slot)
    return link.lstat().st_mtime if link.is_symlink() else 0.0


def is_healthy(stack: Stack, slot: str) -> bool:
    """What its own `/health` says."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{stack.ports[slot]}/health", timeout=3, trust_env=False)
    except httpx.TransportError:
        return False
    return answer.status_code == httpx.codes.OK
