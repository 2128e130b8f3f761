"""Whether what was done helped: what users had before beside what they have now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.condemn import against
from domain.findings import Finding
from domain.speed import no_faster


def unrelieved(
    before: Iterable[Finding], now: Sequence[Finding], *, health: str, users: str, fired: Iterable[str] = ()
) -> list[str]:
    """What speaks against an end of the trouble, as `name: what was said`; empty where nothing does.

    Health must be ok and nothing may be bad, as users have it. What was bad before, or fired the alert, must be ok
    where it was looked at again: no data does not prove it.

    Args:
        before: what was seen before the act.
        now: what is seen after it.
        health: the name of the health signal.
        users: the `on` of what is seen as users see it.
        fired: the names of the signals that fired.
    """
    wrong = against(now, health=health, users=users)
    return list(dict.fromkeys([*wrong, *still_bad(before, now, users=users, fired=fired)]))


def still_bad(
    before: Iterable[Finding], now: Iterable[Finding], *, users: str, fired: Iterable[str] = ()
) -> list[str]:
    """What was bad for users, and is not ok now, as `name: what was said`. What was not looked at again is not told."""
    troubled = {row.name for row in before if row.bad and row.on == users} | set(fired)
    return [
        f"{row.name}: {row.said}" for row in now if row.name in troubled and row.on == users and not row.ok
    ]


def no_better(before: Sequence[Finding], now: Sequence[Finding], *, users: str) -> str | None:
    """Why a release that took the traffic did not help, in one line; None where it did, or nothing tells.

    Where something was bad and all of it is ok now, it helped, whatever the rest takes.

    Args:
        before, now: what users had, and have; response times only where they were measured at both times.
        users: the `on` of what is seen as users see it.
    """
    if left := still_bad(before, now, users=users):
        return f"users see the same as before: {'; '.join(left)}"
    well = {row.name for row in now if row.ok and row.on == users}
    if any(row.bad and row.on == users and row.name in well for row in before):
        return None
    slow = no_faster(_of(before, users), _of(now, users))
    return f"users wait as long as before: {slow}" if slow else None


def _of(rows: Iterable[Finding], users: str) -> list[Finding]:
    return [row for row in rows if row.on == users]
