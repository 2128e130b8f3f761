import json

import pytest

from blocks.slack import buttons
from blocks.slack.buttons import LONGEST_TEXT, Choice
from domain.message import Message, Moment
from domain.severity import Severity


def message(moment: Moment) -> Message:
    return Message(
        incident="inc-1", application="shop/production", moment=moment, severity=Severity.HIGH, title="t", text="x"
    )  # fmt: skip


def test_a_request_has_its_buttons_with_the_incident_in_each() -> None:
    [row] = buttons.buttons(message(Moment.ASKED))
    assert [element["action_id"] for element in row["elements"]] == list(Choice)
    assert {element["value"] for element in row["elements"]} == {"inc-1"}


@pytest.mark.parametrize("moment", [moment for moment in Moment if moment is not Moment.ASKED])
def test_no_other_message_has_buttons(moment: Moment) -> None:
    assert buttons.buttons(message(moment)) == []


def test_a_window_carries_what_it_is_about() -> None:
    window = buttons.reason_window("inc-1", "C0")
    assert json.loads(window["private_metadata"]) == {"incident": "inc-1", "channel": "C0"}
    assert window["callback_id"] == Choice.REJECT


def test_slacks_limits_are_kept() -> None:
    rows = buttons.rows_window("inc-1", "C0", 12, ["x" * 5000])
    assert len(rows["blocks"][0]["text"]["text"]) <= 3000
    instead = buttons.instead_window("inc-1", "C0", ["flag:" + "y" * 200, "hotfix"])
    for option in instead["blocks"][0]["element"]["options"]:
        assert len(option["text"]["text"]) <= LONGEST_TEXT
        assert len(option["value"]) <= 150


def test_a_release_is_asked_for_where_a_hotfix_is_offered() -> None:
    with_fix = buttons.instead_window("inc-1", "C0", ["config", "hotfix"])
    without = buttons.instead_window("inc-1", "C0", ["config"])
    assert buttons.RELEASE in [block["block_id"] for block in with_fix["blocks"]]
    assert buttons.RELEASE not in [block["block_id"] for block in without["blocks"]]
