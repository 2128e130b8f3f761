"""What counts as evidence that a release is good, how it is said, and that it comes first."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.canary import NO_DATA_WITHIN
from domain.condemn import condemned
from domain.good import NONE, evidence, joined, proven_first, unbroken
from domain.journal import following
from domain.journal_kinds import Happened
from domain.release import Release

START = datetime(2026, 11, 1, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)


def release(version: str = "1.0", good: tuple[float, float] | None = None, began: float = 0) -> Release:
    """One that serves since `began`; `good`: both are minutes after `START`."""
    spans = [START + timedelta(minutes=one) for one in good] if good else [None, None]
    return Release(
        application="shop/production", version=version, served_since=START + timedelta(minutes=began), good_since=spans[0],
        good_until=spans[1], good_by="the watch" if good else None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("good", "hours", "said"),
    [
        ((1, 31), 26, "served 26 h, good for the first 30 min"),
        ((600, 630), 26, "served 26 h, good for 30 min from 2026-11-01 10:00:00 UTC"),
        ((0, 30), None, "good for the first 30 min"),
        (None, 26, NONE),
    ],
)
def test_the_evidence_is_said_with_its_numbers(
    good: tuple[float, float] | None, hours: int | None, said: str
) -> None:
    until = START + timedelta(hours=hours) if hours else None
    assert evidence(release(good=good), until) == said


def test_what_was_never_recorded_has_none() -> None:
    assert evidence(None) == NONE


@pytest.mark.parametrize(
    ("rows", "order"),
    [
        ([("4", None, 1005), ("3", None, 1000), ("2", None, 500), ("1", (0, 30), 0)], "4213"),
        ([("4", None, 1085), ("3", None, 1080), ("2", (40, 70), 40), ("1", None, 35)], "2431"),
        ([("3", None, 1000), ("2", None, 40), ("1", (0, 30), 0)], "321"),
        ([("3", None, 1000), ("2", None, 995), ("1", None, 0)], "321"),
        ([("3", None, 1085), ("2", None, 500), ("1", (0, 30), 0)], "213"),
    ],
    ids=[
        "brief ones last",
        "each in its order",
        "weeks are not passed over",
        "no evidence at all",
        "the last, until now",
    ],
)
def test_evidence_decides_only_against_those_that_served_briefly(
    rows: list[tuple[str, tuple[float, float] | None, float]], order: str
) -> None:
    found = proven_first([release(*row) for row in rows], START + timedelta(minutes=1100))
    assert "".join(row.version for row in found) == order


@pytest.mark.parametrize(
    ("looks", "began"),
    [
        ([0, 1, 2, 3], 0),
        ([0, 1, 900], 900),
        ([0, 600, 604, 608], 600),
        ([3, 0, 1, 2], 0),
        ([0, 600], 600),
        ([], 4),
    ],
)
def test_nobody_looked_while_the_watch_slept(looks: list[int], began: int) -> None:
    at = [START + timedelta(minutes=one) for one in looks]
    until = START + timedelta(minutes=max([0, *looks]) + 4)
    assert unbroken(at, until) == START + timedelta(minutes=began)


@pytest.mark.parametrize(
    ("since", "until", "kept"),
    [
        (32, 60, (0, 60)),
        (10, 20, (0, 30)),
        (300, 330, (300, 330)),
        (-90, -60, (0, 30)),
    ],
    ids=["follows", "lies in it", "is newer", "is older"],
)
def test_spans_that_follow_each_other_are_one(since: float, until: float, kept: tuple[float, float]) -> None:
    found = joined(
        release(good=(0, 30)), START + timedelta(minutes=since), START + timedelta(minutes=until), "i"
    )
    assert (found.good_since, found.good_until) == tuple(START + timedelta(minutes=one) for one in kept)


@pytest.mark.parametrize(
    ("kind", "data", "bad"),
    [
        (Happened.JUDGED, {"verdict": "bad", "said": "14 of 40 requests failed"}, True),
        (Happened.JUDGED, {"verdict": "bad", "said": f"{NO_DATA_WITHIN} 5 s: nothing"}, False),
        (Happened.JUDGED, {"verdict": "ok", "said": ""}, False),
        (Happened.VERIFIED, {"ok": False}, True),
        (Happened.VERIFIED, {"ok": True}, False),
        (Happened.SHIFTED, {}, False),
    ],
)
def test_only_what_was_seen_to_be_bad_is_condemned(kind: str, data: dict[str, object], bad: bool) -> None:
    assert condemned(following(None, "i", kind, data, b"key")) is bad
