"""A message in Slack's Block Kit. Nothing in it can mention or link by itself."""

import re
from typing import Any

from domain.message import Message
from domain.report.plain import plain

Block = dict[str, Any]
BOLD = "*"
"""How Slack's own markup writes it."""

LONGEST_HEADER = 150
LONGEST_SECTION = 3000
LONGEST_FIELD = 2000
"""Letters that Slack takes in a header, a section, and a field of one (Block Kit reference)."""


def layout(message: Message) -> list[Block]:
    """All it says: header, section, and whose it is."""
    return [_header(message), _section(plain(message.text, BOLD) or message.title), _whose(message)]


def headline(message: Message) -> list[Block]:
    """The newest state alone, for the incident's first message: header, facts, and whose it is."""
    facts = [
        {
            "type": "mrkdwn",
            "text": f"*{escaped(label, 100)}*\n{escaped(said, LONGEST_FIELD - 200)}",
            "verbatim": True,
        }
        for label, said in message.facts.items()
    ]
    section = {"type": "section", "fields": facts[:10]} if facts else _section(message.title)
    return [_header(message), section, _whose(message, "details are in the thread")]


def escaped(text: str, longest: int) -> str:
    """`&<>` as Slack wants them, cut where it is too long, but never inside such an escape."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(safe) <= longest:
        return safe
    return re.sub(r"&[a-z]{0,3}$", "", safe[: longest - 1]) + "…"


def _header(message: Message) -> Block:
    text = {"type": "plain_text", "text": message.title[:LONGEST_HEADER], "emoji": False}
    return {"type": "header", "text": text}


def _section(said: str) -> Block:
    text = {"type": "mrkdwn", "text": escaped(said, LONGEST_SECTION), "verbatim": True}
    return {"type": "section", "text": text}


def _whose(message: Message, more: str = "") -> Block:
    parts = [message.application, message.severity, f"incident {message.incident}"]
    parts += [f"journal {message.head}"] if message.head else []
    said = escaped(" · ".join([*parts, more] if more else parts), LONGEST_SECTION)
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": said, "verbatim": True}]}
