"""The buttons under a request for consent, and the windows they open, in Slack's Block Kit."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from domain.message import Message, Moment
from domain.offers import SHIFT, said
from domain.request import HOTFIX

Block = dict[str, Any]
LONGEST_TEXT = 75
"""Letters that Slack takes in a button and in a choice (Block Kit reference)."""

REASON, ROWS, INSTEAD, RELEASE, SHARE = "reason", "rows", "instead", "release", "share"
"""The fields of the windows; block and action carry the same name."""


class Choice(StrEnum):
    """What a button or a window is for; its id in Slack."""

    APPROVE = "backout_approve"
    REJECT = "backout_reject"
    INSTEAD = "backout_instead"
    CODE = "backout_code"


def buttons(message: Message) -> list[Block]:
    """The row of buttons, for a request for consent alone; nothing under any other message."""
    if message.moment is not Moment.ASKED:
        return []
    row = [
        _button(message, Choice.APPROVE, "Approve", "primary"),
        _button(message, Choice.REJECT, "Reject", "danger"),
        _button(message, Choice.INSTEAD, "Something else"),
        _button(message, Choice.CODE, "Code for the form"),
    ]
    return [{"type": "actions", "block_id": "backout_consent", "elements": row}]


def _button(message: Message, choice: Choice, text: str, style: str | None = None) -> Block:
    # What is asked goes with it: a press under an older request must not answer a newer one.
    about = f"{message.incident} {message.once}".strip()
    button = {"type": "button", "action_id": choice, "text": _plain(text), "value": about}
    return {**button, "style": style} if style else button


def reason_window(incident: str, channel: str) -> Block:
    """Asks why not: a no needs a reason."""
    field = _text(REASON, "Why? It goes into the report.", multiline=True)
    return _window(Choice.REJECT, incident, channel, "Reject", [field])


def rows_window(incident: str, channel: str, rows: int, at_risk: Sequence[str]) -> Block:
    """Asks for the number of rows that are lost, typed: nobody approves that by one press."""
    said_first = "\n".join([f"{rows} rows are lost.", *at_risk])[:2000]
    head = {"type": "section", "text": {"type": "plain_text", "text": said_first, "emoji": False}}
    field = _text(ROWS, "Type the number of rows that are lost")
    return _window(Choice.APPROVE, incident, channel, "Approve", [head, field])


def instead_window(incident: str, channel: str, offers: Sequence[str]) -> Block:
    """Asks what is to be done in place of the plan."""
    options = [{"text": _plain(said(name)), "value": name[:LONGEST_TEXT]} for name in offers]
    choice = {"type": "static_select", "action_id": INSTEAD, "options": options}
    fields: list[Block] = [
        {"type": "input", "block_id": INSTEAD, "label": _plain("What is to be done?"), "element": choice}
    ]
    if HOTFIX in offers:
        fields.append(_text(RELEASE, "Release that holds the fix", optional=True))
    if SHIFT in offers:
        fields.append(_text(SHARE, "Share of the traffic to move, in per cent", optional=True))
    fields.append(_text(REASON, "Why", optional=True, multiline=True))
    return _window(Choice.INSTEAD, incident, channel, "Something else", fields)


def _window(choice: Choice, incident: str, channel: str, title: str, blocks: list[Block]) -> Block:
    return {
        "type": "modal",
        "callback_id": choice,
        "private_metadata": json.dumps({"incident": incident, "channel": channel}),
        "title": _plain(title),
        "submit": _plain(title),
        "close": _plain("Leave it"),
        "blocks": blocks,
    }


def _text(name: str, label: str, *, optional: bool = False, multiline: bool = False) -> Block:
    element = {"type": "plain_text_input", "action_id": name, "multiline": multiline}
    return {
        "type": "input", "block_id": name, "label": _plain(label), "element": element, "optional": optional
    }  # fmt: skip


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text[:LONGEST_TEXT], "emoji": False}
