"""What a request offers beside yes and no: the runbooks' other ways out, each started as a run of its own.

Aldeia "Consider hotfix first", "Partial Rollback" and "Remember", which begins with a restart of the service; Jarvis "ConfigMap
Rollback" and "Feature Flag Disable"; NotesHub "Switch Traffic".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from domain.request import HOTFIX, LAST_GOOD, RESTART, SHIFT_TRAFFIC

CONFIG = "config"
FLAG = "flag:"
FIX = re.compile(rf"{HOTFIX}:(?P<release>[A-Za-z0-9][A-Za-z0-9._+/-]{{0,127}})")
"""A hotfix needs the release that holds the fix: `hotfix:2.0.1`."""

SHIFT = "shift"
PART = re.compile(rf"{SHIFT}:(?P<share>[1-9][0-9]?)")
"""A shift needs the per cent that is moved: `shift:50`."""


@dataclass(frozen=True)
class Start:
    """What is started instead.

    Attributes:
        deployment: the runbook.
        target: the release.
        only: the part that is taken back alone.
        share: the per cent of the traffic that is moved.
    """

    deployment: str
    target: str = LAST_GOOD
    only: str | None = None
    share: int | None = None


def offers(parts: Iterable[str], *, hotfix: bool, restart: bool = False, shift: bool = False) -> list[str]:
    """What can be done instead here, as `--instead` takes it.

    A restart first, then a part of the traffic, configuration and flags, then parts, then a fix.

    Args:
        parts: what the platform can take back alone.
        hotfix: whether a fixed release may be put in place instead.
        restart: whether what serves may be restarted in place.
        shift: whether a part of the traffic may be moved.
    """
    names = list(parts)
    small = [name for name in names if name == CONFIG or name.startswith(FLAG)]
    parts_left = [name for name in names if name not in small]
    first = [*([RESTART] if restart else []), *([SHIFT] if shift else [])]
    return [*first, *small, *parts_left, *([HOTFIX] if hotfix else [])]


def said(offer: str) -> str:
    """The offer in words, for a button or a form."""
    if offer == RESTART:
        return "restart what serves, in place"
    if offer == SHIFT:
        return "move a part of the traffic, keep the rest"
    if offer == CONFIG:
        return "restore the configuration alone"
    if offer.startswith(FLAG):
        return f"disable the flag {offer.removeprefix(FLAG)}"
    return "put a fixed release in place" if offer.startswith(HOTFIX) else f"take back {offer} alone"


def typed(offer: str) -> str:
    """The offer as `--instead` takes it, with a placeholder for what a person must add."""
    return offer + {SHIFT: ":PER_CENT", HOTFIX: ":RELEASE"}.get(offer, "")


def start_of(taken: str, offered: Iterable[str]) -> Start | None:
    """What starts where this was taken; None where it was not offered, or a hotfix names no release, a shift no share."""
    fix, part = FIX.fullmatch(taken), PART.fullmatch(taken)
    if HOTFIX in offered and fix is not None:
        return Start(HOTFIX, target=fix["release"])
    if SHIFT in offered and part is not None:
        return Start(SHIFT_TRAFFIC, share=int(part["share"]))
    if taken in (HOTFIX, SHIFT) or taken not in offered:
        return None
    if taken == RESTART:
        return Start(RESTART)
    return Start("rollback", only=taken)
