"""Our Markdown for those who do not read Markdown: mail, phones, Slack."""

from __future__ import annotations

import re
from html import unescape

_CODE = re.compile(r"(?<!\\)(`[^`\n]*`)")
_BOLD = re.compile(r"(?<!\\)\*\*(.+?)(?<!\\)\*\*")
_ESCAPED = re.compile(r"\\([\\`*\[\]|~#_:.+\-=)])")


def plain(text: str, bold: str = "") -> str:
    """The text as it was before `domain.report.markdown` made it safe to show.

    Args:
        text: a message's text.
        bold: what stands around what is bold: `*` for Slack.
    """
    parts = _CODE.split(text)
    return "".join(part if number % 2 else _without_marks(part, bold) for number, part in enumerate(parts))


def _without_marks(text: str, bold: str) -> str:
    bare = _BOLD.sub(lambda match: f"{bold}{match[1]}{bold}", text)
    return unescape(_ESCAPED.sub(r"\1", bare))
