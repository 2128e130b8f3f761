"""Alerts: text from outside, cut and cleaned; one trouble, one event."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.alert import LONGEST_SUMMARY, Alert, Received, Status, one_line
from domain.findings import Verdict

BEGAN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def alert(**fields: Any) -> Alert:
    return Alert.model_validate(
        {"sender": "a", "fingerprint": "f", "name": "Broken", "started_at": BEGAN, **fields}
    )


def test_the_same_trouble_is_the_same_event() -> None:
    here = BEGAN.astimezone(timezone(timedelta(hours=2)))
    assert alert(summary="x").event_id == alert(summary="y", started_at=here).event_id


@pytest.mark.parametrize(
    "other",
    [
        {"sender": "b"},
        {"fingerprint": "g"},
        {"status": "resolved"},
        {"started_at": BEGAN + timedelta(seconds=1)},
        {"episode": "2"},
    ],
)
def test_anything_else_is_another(other: dict[str, Any]) -> None:
    assert alert().event_id != alert(**other).event_id


def test_an_episode_stands_for_its_start() -> None:
    later = BEGAN + timedelta(minutes=1)
    assert alert(episode="7").event_id == alert(episode="7", started_at=later).event_id


@given(st.text())
def test_any_text_becomes_one_clean_line(text: str) -> None:
    line = one_line(text, 50)
    assert len(line) <= 50
    assert line.isprintable()
    assert len(line.splitlines()) <= 1
    line.encode()


def test_texts_are_cut_and_links_are_for_browsers() -> None:
    made = alert(summary="x" * 9000, link="javascript:alert(1)", labels={"a": 1, "b": None})
    assert len(made.summary) == LONGEST_SUMMARY
    assert made.link is None
    assert made.labels == {"a": "1"}
    assert alert(link="https://grafana.example/d/1?x=<y>").link == "https://grafana.example/d/1?x=<y>"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"fingerprint": "\x00"},
        {"started_at": "2026-11-22T10:00:00"},
        {"started_at": "9999-12-31T23:59:59-14:00"},
        {"severity": "critical"},
    ],
)
def test_what_is_no_alert_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        alert(**wrong)


def test_as_a_finding_it_says_who_saw_what() -> None:
    found = alert(summary="no answer").finding()
    assert (found.name, found.on, found.said, found.verdict, found.at) == (
        "Broken",
        "a",
        "no answer",
        Verdict.BAD,
        BEGAN,
    )
    assert alert(status=Status.RESOLVED).finding().ok


def test_on_disk_and_back_it_is_the_same() -> None:
    row = Received(alert=alert(), application="shop/production", issue="service-outage")
    assert Received.model_validate_json(row.model_dump_json()) == row
