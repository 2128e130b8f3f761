"""The messages' templates: your own before the runbook's before ours, filled in Jinja's sandbox.

A template may set `title`; without it the message keeps its usual one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import ChoiceLoader, DictLoader, Template

from domain.message import Moment
from domain.report.markdown import SUFFIX, environment, tidied

OWN = "own/"
FOLDER = "messages/"
PUBLIC = "public"
"""What status pages say; filled for every moment."""

NAMES = tuple(f"{name}{SUFFIX}" for name in (*Moment, PUBLIC))
"""The files that a folder of one's own can hold; beside them, parts that start with `_` and that these include."""


@dataclass(frozen=True)
class Filled:
    """A message's text. `title`: the template's own, empty where it sets none. `problem`: why a template was passed over."""

    text: str
    title: str = ""
    problem: str = ""


def filled(names: list[str], own: Mapping[str, str], values: Mapping[str, Any]) -> Filled:
    """Fill the first of the templates that exists. One of your own that fails is passed over, and the message says so.

    Args:
        names: below `messages/`, without the suffix: `noteshub/started`, `started`.
        own: file name -> text of your own templates.
        values: what templates can use.
    """
    last = f"{names[-1]}{SUFFIX}"
    if last in own:
        try:
            return _filled(_with(own).get_template(OWN + last), values)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, people must be told what happened
            usual = filled(names, {}, values)
            return Filled(
                usual.text, usual.title, f"template {last} cannot be used: {type(error).__name__}: {error}"
            )
    return _filled(environment().select_template([f"{FOLDER}{name}{SUFFIX}" for name in names]), values)


def _with(own: Mapping[str, str]) -> Any:
    """The environment with your own templates: whole ones beside ours, parts in the place of ours."""
    parts = {f"{FOLDER if name.startswith('_') else OWN}{name}": text for name, text in own.items()}
    ours = environment()
    return ours.overlay(loader=ChoiceLoader([DictLoader(parts), *([ours.loader] if ours.loader else [])]))


def _filled(template: Template, values: Mapping[str, Any]) -> Filled:
    module = template.make_module(dict(values))
    title = " ".join(str(getattr(module, "title", "")).split())
    return Filled(text=tidied(str(module)), title=title)


def problems(own: Mapping[str, str]) -> list[str]:
    """What is wrong with templates of one's own, each one line: an unknown name, or a syntax that does not parse."""
    found = [
        f"{name} is no message's template" for name in own if name not in NAMES and not name.startswith("_")
    ]
    for name, text in own.items():
        try:
            environment().parse(text, name)
        except Exception as error:  # noqa: BLE001 - Jinja raises more than its own errors on odd input
            found.append(f"{name}: {error}")
    return found
