from typing import Any

import pytest

from blocks.slack import buttons
from blocks.slack.buttons import Choice
from blocks.slack.interaction import Interaction, read
from tests.fakes.slack_socket import pressed, sent


def interaction(payload: dict[str, Any]) -> Interaction:
    found = read(payload)
    assert found is not None
    return found


def test_a_press_says_who_what_and_about_which_incident() -> None:
    found = interaction(pressed("backout_approve", "inc-1", "U0BOB"))
    assert (found.choice, found.user, found.incident) == (Choice.APPROVE, "U0BOB", "inc-1")
    assert found.trigger is not None


def test_a_window_brings_what_was_filled_in() -> None:
    window = buttons.instead_window("inc-1", "C0", ["config", "hotfix"])
    found = interaction(sent(window, "U0BOB", instead="hotfix", release=" 2.0.1 ", reason="a fix is there"))
    assert (found.instead, found.reason, found.channel) == ("hotfix:2.0.1", "a fix is there", "C0")
    assert found.trigger is None
    assert interaction(sent(window, "U0BOB", instead="config", release="2.0.1")).instead == "config"
    assert interaction(sent(window, "U0BOB")).instead == ""


@pytest.mark.parametrize(("typed", "instead"), [("50", "shift:50"), (" 50 % ", "shift:50"), ("", "shift")])
def test_a_shift_brings_its_share(typed: str, instead: str) -> None:
    window = buttons.instead_window("inc-1", "C0", ["shift", "hotfix"])
    found = interaction(sent(window, "U0BOB", instead="shift", share=typed, release="2.0.1"))
    assert found.instead == instead


@pytest.mark.parametrize(
    ("typed", "rows"),
    [("12", 12), ("1,200", 1200), ("1 200", 1200), ("all", 0), ("", 0), ("-3", 0), ("²", 0)],
)
def test_rows_are_a_number_or_none(typed: str, rows: int) -> None:
    window = buttons.rows_window("inc-1", "C0", 12, [])
    assert interaction(sent(window, "U0BOB", rows=typed)).rows == rows


def test_what_is_not_ours_is_left_alone() -> None:
    assert read({"type": "shortcut"}) is None
    assert read(pressed("somebody_elses_button", "inc-1", "U0BOB")) is None


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "text",
        {},
        {"type": "block_actions"},
        {"type": "block_actions", "actions": []},
        {"type": "view_submission", "view": []},
    ],
)
def test_what_is_not_slacks_is_refused(payload: Any) -> None:
    with pytest.raises(ValueError, match="no interaction"):
        read(payload)
