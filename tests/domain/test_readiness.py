"""Whether an application is ready, how long it takes, and when people are told."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.checkup import Checkup, Remedy, unseen, well, wrong
from domain.message import NO_INCIDENT, Moment
from domain.readiness import Check, Readiness, difference
from domain.readiness_news import APART, Record, looked, message

APP = "shop/production"
AT = datetime(2026, 11, 20, 10, tzinfo=UTC)


def check(name: str, *checkups: Checkup) -> Check:
    return Check(name=name, checkups=list(checkups) or [well(name, APP, "fine")])


def seen(*checks: Check, **more: object) -> Readiness:
    return Readiness.model_validate({"application": APP, "at": AT, "checks": list(checks), **more})


RED = seen(
    check("slot"), check("backup", wrong("backup", APP, "is old", Remedy(command="backout db backup APP")))
)
GREEN = seen(check("slot"), check("backup"), target="1.0 in green", eta_s=2.5, runs=3, rto_s=60.0)


def test_one_that_is_bad_is_enough() -> None:
    assert not RED.ready
    assert RED.said == "not ready: backup"
    assert RED.causes[0].next_steps == ["backout db backup APP"]


def test_what_could_not_be_seen_is_no_yes() -> None:
    assert not seen(check("router", unseen("router", APP, "not known"))).ready
    assert not seen().ready


@pytest.mark.parametrize("name", ["eta", "channels", "rehearsal"])
def test_some_things_need_not_be_seen_but_count_where_they_are_bad(name: str) -> None:
    assert seen(check("slot"), check(name, unseen(name, APP, "not known"))).ready
    assert not seen(check("slot"), check(name, wrong(name, APP, "broken"))).ready


def test_it_says_how_long_and_where_that_is_too_long() -> None:
    assert GREEN.said == "ready: back to 1.0 in green in 2.50 s (median of 3 past rollbacks)"
    late = GREEN.model_copy(update={"eta_s": 90.0, "runs": 1})
    assert late.takes == "1 min 30 s (as the one before); longer than the 1 min that its policy promises"
    assert "not known" in RED.takes
    drilled = GREEN.model_copy(update={"eta_of": "drills of shop/staging"})
    assert drilled.takes == "2.50 s (median of 3 past drills of shop/staging)"
    assert drilled.model_copy(update={"runs": 1}).takes == "2.50 s (as in one of the drills of shop/staging)"


def test_the_difference_names_what_came_and_what_went() -> None:
    assert difference(GREEN, RED) == ["backup: is old"]
    assert difference(RED, GREEN) == ["backup is ok again: fine"]
    assert difference(RED, RED) == []


def walk(*found: Readiness, apart: timedelta = timedelta(minutes=15)) -> list[bool]:
    record: Record | None = None
    told = []
    for number, one in enumerate(found):
        record, tells = looked(record, one.model_copy(update={"at": AT + number * apart}))
        told.append(tells)
    return told


def test_people_are_told_after_two_looks_in_a_row_and_once() -> None:
    assert walk(RED, RED, RED, RED) == [False, True, False, False]
    assert walk(RED, RED, GREEN, GREEN, GREEN) == [False, True, False, True, False]


def test_a_flutter_is_told_to_nobody() -> None:
    assert not any(walk(RED, GREEN, RED, GREEN, RED, GREEN))
    assert walk(RED, RED, GREEN, RED, GREEN, RED) == [False, True, False, False, False, False]


def test_who_is_ready_from_the_first_is_told_nothing() -> None:
    assert not any(walk(GREEN, GREEN, GREEN))


def test_late_looks_at_the_same_moment_are_one() -> None:
    assert not any(walk(RED, RED, RED, apart=APART / 10))


def test_the_message_says_what_to_do_and_what_came_from_outside_is_escaped() -> None:
    odd = check(
        "channels", wrong("channels", "chat", "<b>gone</b>", Remedy(command="see `backout doctor APP`"))
    )
    told = message(RED.model_copy(update={"checks": [*RED.checks, odd]}))
    assert (told.incident, told.moment) == (NO_INCIDENT, Moment.WATCHED)
    assert f"`backout db backup {APP}`" in told.text
    assert f"see `backout doctor {APP}`" in told.text
    assert "<b>" not in told.text
    again = message(GREEN)
    assert again.severity is told.severity, "who heard the one hears the other"
    assert "1.0 in green" in again.text
    assert again.key != told.key
