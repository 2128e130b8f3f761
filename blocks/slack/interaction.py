"""What Slack says that somebody pressed or filled in. Nothing in it is believed but who: Slack vouches for that."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blocks.slack.buttons import INSTEAD, REASON, RELEASE, ROWS, SHARE, Choice
from domain.offers import SHIFT
from domain.request import HOTFIX

Payload = Mapping[str, Any]


@dataclass(frozen=True)
class Interaction:
    """One press or one window that was sent.

    Attributes:
        choice: which button or window.
        user: the member's id.
        incident: as the message or the window carries it.
        about: what was asked there: a gate, as `domain.gate.question` names it; empty for the plan itself.
        channel: where they are told what became of it.
        trigger: opens a window within 3 seconds of a press; None where a window was sent.
        fields: what was filled in, by the window's field names.
    """

    choice: Choice
    user: str
    incident: str
    channel: str
    trigger: str | None
    fields: Mapping[str, str]
    about: str = ""

    @property
    def reason(self) -> str:
        """Why, as it was typed."""
        return self.fields.get(REASON, "").strip()

    @property
    def rows(self) -> int:
        """The rows accepted to be lost; 0 where that is no number."""
        typed = self.fields.get(ROWS, "").strip().replace(",", "").replace(" ", "")
        return int(typed) if typed.isascii() and typed.isdigit() else 0

    @property
    def instead(self) -> str:
        """What is wanted in place of the plan, as `domain.offers` names it."""
        chosen = self.fields.get(INSTEAD, "")
        named = {HOTFIX: RELEASE, SHIFT: SHARE}.get(chosen, "")
        typed = self.fields.get(named, "").strip().removesuffix("%").strip()
        return f"{chosen}:{typed}" if typed else chosen


def read(payload: Any) -> Interaction | None:
    """The interaction; None where it is none of ours. Raises ValueError where it is none of Slack's."""
    if not isinstance(payload, Mapping):
        raise ValueError("no interaction")  # noqa: TRY004 - what came is bad, whatever its type
    try:
        if payload["type"] == "block_actions":
            return _pressed(payload)
        return _sent(payload) if payload["type"] == "view_submission" else None
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"no interaction: {type(error).__name__}") from None


def _pressed(payload: Payload) -> Interaction | None:
    action = payload["actions"][0]
    if action["action_id"] not in list(Choice):
        return None
    channel = str(payload["channel"]["id"])
    incident, _, about = str(action["value"]).partition(" ")
    return Interaction(
        choice=Choice(action["action_id"]),
        user=str(payload["user"]["id"]),
        incident=incident,
        about=about,
        channel=channel,
        trigger=str(payload["trigger_id"]),
        fields={},
    )


def _sent(payload: Payload) -> Interaction | None:
    view = payload["view"]
    if view["callback_id"] not in list(Choice):
        return None
    about = json.loads(view["private_metadata"])
    incident, _, asked = str(about["incident"]).partition(" ")
    return Interaction(
        choice=Choice(view["callback_id"]),
        user=str(payload["user"]["id"]),
        incident=incident,
        about=asked,
        channel=str(about["channel"]),
        trigger=None,
        fields={name: _value(block[name]) for name, block in view["state"]["values"].items()},
    )


def _value(element: Payload) -> str:
    """What a field holds: typed text, or the choice that was made."""
    if "selected_option" in element:
        chosen = element["selected_option"]
        return str(chosen["value"]) if chosen else ""
    return str(element.get("value") or "")
