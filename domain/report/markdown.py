"""Text that came from alerts and people, made safe to show in Markdown, and the sandbox that fills the templates."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment

from domain.outcomes import named
from domain.plan import Plan
from domain.shares import in_words

SUFFIX = ".md.j2"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_SPECIAL = re.compile(r"([\\`*\[\]|~#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=www)\.)")
_BLOCK = re.compile(r"^(?:(?=[-+](?:\s|$)|--|=+$)|(\d+)(?=[.)](?:\s|$)))")
"""Starts of a line that would open a list, a rule or a heading."""
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class Markdown(str):
    """Text that is Markdown already; everything else that reaches a template is escaped."""

    __slots__ = ()


def escape(value: Any) -> Markdown:
    """One line that shows exactly this text, in a paragraph, a list or a table: no markup, no HTML, no live link."""
    if isinstance(value, Markdown):
        return value
    line = _CONTROL.sub(" ", str(value)).strip()
    return Markdown(_BLOCK.sub(r"\1\\", _inside(line)))


def _inside(line: str) -> str:
    """Escaped for the middle of a line."""
    return _SPECIAL.sub(r"\\\1", line).translate(_HTML)


def paragraphs(value: Any) -> Markdown:
    """The same, with the text's own line breaks kept."""
    return Markdown("\n".join(escape(line) for line in str(value).splitlines()))


def code(value: Any) -> Markdown:
    """One line as a code span; a backtick in it becomes an apostrophe."""
    return Markdown(f"`{_CONTROL.sub(' ', str(value)).replace('`', chr(39)).replace('|', '/')}`")


def prose(value: Any) -> Markdown:
    """Our own words on one line: what stands between backticks is a command, all else is escaped."""
    if isinstance(value, Markdown):
        return value
    parts = _CONTROL.sub(" ", str(value)).strip().split("`")
    if len(parts) % 2 == 0:  # the last backtick has no partner
        parts[-2:] = ["`".join(parts[-2:])]
    shown = [code(part) if part and number % 2 else _inside(part) for number, part in enumerate(parts)]
    return Markdown(_BLOCK.sub(r"\1\\", "".join(shown)))


def address(value: str) -> Markdown:
    """A URL for `<...>`, without what would end it."""
    return Markdown(re.sub(r"[\s<>]", "", value))


def moment(value: datetime | None) -> str:
    """`2026-11-22 03:15:02 UTC`; `not reached` for None."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if value else "not reached"


def clock(value: datetime) -> str:
    """`03:15:02.417`, UTC."""
    return value.astimezone(UTC).strftime("%H:%M:%S.%f")[:-3]


def duration(seconds: float | None) -> str:
    """`0.04 s`, `12.3 s`, `4 min 5 s`, `5 min`, `2 h 10 min`; `not reached` for None."""
    if not seconds:
        return "not reached" if seconds is None else "0 s"
    if round(seconds, 2) < 10:  # noqa: PLR2004 -- below, the hundredths of a second are the news
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{seconds:.1f} s"


def fill(template: str, **values: Any) -> str:
    """A packaged template, filled; blank lines are never doubled.

    Raises:
        jinja2.TemplateNotFound: there is no such template.
        jinja2.UndefinedError: the template asks for a value it was not given.
    """
    return tidied(environment().get_template(template).render(**values))


def tidied(text: str) -> str:
    """Without doubled blank lines, and with one line break at its end."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _named(step: str, application: str, plan: Plan | None) -> str:
    return named(step, application, plan.from_release if plan else None)


@cache
def environment() -> SandboxedEnvironment:
    """Jinja's sandbox with the packaged templates, in which nothing that is shown can be changed."""
    made = ImmutableSandboxedEnvironment(
        loader=PackageLoader("domain.report", "templates"),
        autoescape=False,  # the output is Markdown: `finalize` escapes every value for it
        finalize=escape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "moment": moment,
        "clock": clock,
        "duration": duration,
        "code": code,
        "prose": prose,
        "named": _named,
        "address": address,
        "shares": in_words,
    }
    return made
