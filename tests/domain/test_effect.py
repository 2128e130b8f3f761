"""Whether it helped: no data proves nothing, and what nobody looked at again is not held against it."""

import pytest

from domain.effect import no_better, unrelieved
from domain.findings import Finding, Verdict
from domain.speed import RESPONSE_TIME, no_faster

OK, BAD, NONE = Verdict.OK, Verdict.BAD, Verdict.NO_DATA


def found(name: str, verdict: Verdict, on: str = "router") -> Finding:
    return Finding(
        name=name, on=on, verdict=verdict, said=f"it is {verdict}", symptom="x" if verdict is BAD else ""
    )


def timed(seconds: float | None, on: str = "router", of: str = "") -> Finding:
    name = f"{RESPONSE_TIME} of {of}" if of else RESPONSE_TIME
    return Finding(name=name, on=on, verdict=OK if seconds else NONE, said="", value=seconds, unit="s")


@pytest.mark.parametrize(
    ("before", "now", "left"),
    [
        ([found("partner", BAD)], [found("health", OK), found("partner", OK)], []),
        ([found("partner", BAD)], [found("health", OK), found("partner", BAD)], ["partner: it is bad"]),
        ([found("partner", BAD)], [found("health", OK), found("partner", NONE)], ["partner: it is no data"]),
        ([], [found("health", OK), found("partner", NONE)], []),
        ([], [found("health", NONE)], ["health: it is no data"]),
        ([], [found("health", OK), found("widget", BAD)], ["widget: it is bad"]),
        ([found("partner", BAD, on="blue")], [found("health", OK), found("partner", NONE)], []),
        ([found("partner", BAD)], [found("health", OK)], []),
    ],
)
def test_what_speaks_against_an_end_of_the_trouble(
    before: list[Finding], now: list[Finding], left: list[str]
) -> None:
    assert unrelieved(before, now, health="health", users="router") == left


def test_a_signal_that_fired_must_be_ok_again() -> None:
    now = [found("health", OK), found("partner", NONE)]
    assert unrelieved([], now, health="health", users="router", fired=["partner"]) == [
        "partner: it is no data"
    ]
    assert unrelieved([], now, health="health", users="router", fired=["an alert"]) == []


def test_what_was_bad_and_is_well_is_help_enough() -> None:
    before, now = [found("query", BAD), timed(0.01)], [found("query", OK), timed(0.01)]
    assert no_better(before, now, users="router") is None


def test_users_are_no_better_off_where_they_miss_the_same_or_wait_as_long() -> None:
    assert no_better([found("widget", BAD)], [found("widget", OK)], users="router") is None
    assert "widget: it is bad" in (
        no_better([found("widget", BAD)], [found("widget", BAD)], users="router") or ""
    )
    assert no_better([timed(2.0)], [timed(0.5)], users="router") is None
    assert "1.9 s against 2 s" in (no_better([timed(2.0)], [timed(1.9)], users="router") or "")
    assert no_better([timed(2.0)], [timed(None)], users="router") is None, "nothing tells"
    assert no_better([timed(2.0, on="blue")], [timed(1.9)], users="router") is None


@pytest.mark.parametrize(
    ("ours", "theirs", "helps"),
    [
        ([timed(2.0)], [timed(1.0)], True),
        ([timed(2.0)], [timed(1.7)], False),
        ([timed(0.02)], [timed(0.002)], False),
        ([timed(0.01), timed(2.0, of="pages")], [timed(0.01), timed(0.1, of="pages")], True),
        ([timed(0.01), timed(2.0, of="pages")], [timed(0.01), timed(1.9, of="pages")], False),
        ([timed(2.0)], [], True),
        ([timed(0.01), timed(None, of="pages")], [timed(0.01), timed(0.1, of="pages")], True),
        ([timed(0.01), timed(0.1, of="pages")], [timed(0.01), timed(None, of="pages")], False),
        ([timed(2.0, of="pages")], [timed(2.0, of="search")], True),
    ],
)
def test_one_time_that_is_clearly_shorter_is_enough(
    ours: list[Finding], theirs: list[Finding], helps: bool
) -> None:
    assert (no_faster(ours, theirs) is None) is helps


def test_each_time_is_told_by_the_name_of_its_check() -> None:
    said = no_faster([timed(0.01), timed(2.0, of="pages")], [timed(0.01), timed(1.9, of="pages")])
    assert said == "the old release is no faster: 0.01 s against 0.01 s; pages 1.9 s against 2 s"
