"""supervisord's configuration as evidence may hold it: the values of variables and passwords are masked."""

import re
from collections.abc import Iterator

from blocks.program import MASK

SETTING = re.compile(r"^(?P<head>\s*(?P<key>\w+)\s*[=:]\s*)(?P<value>.*)$")
VARIABLE = re.compile(r"(?P<name>\w+)=(?P<value>\"[^\"]*\"|'[^']*'|[^,\s]*)")
ENVIRONMENT, PASSWORD = "environment", "password"


def masked_configuration(text: str) -> str:
    """The text without what `environment` and `password` hold."""
    return "\n".join(_masked(line, key) for line, key in _with_keys(text))


def secrets_of(text: str) -> set[str]:
    """The values that are masked."""
    found: set[str] = set()
    for line, key in _with_keys(text):
        if key == ENVIRONMENT:
            found |= {match["value"].strip("\"'") for match in VARIABLE.finditer(_after_key(line))}
        elif key == PASSWORD:
            found.add(_after_key(line).strip())
    return found - {""}


def _with_keys(text: str) -> Iterator[tuple[str, str]]:
    """Each line with the setting it belongs to: one that begins with a blank goes on with the line before."""
    key = ""
    for line in text.splitlines():
        setting = SETTING.match(line) if not line[:1].isspace() else None
        key = setting["key"].lower() if setting else key if line[:1].isspace() else ""
        yield line, key


def _after_key(line: str) -> str:
    setting = SETTING.match(line) if not line[:1].isspace() else None
    return setting["value"] if setting else line


def _masked(line: str, key: str) -> str:
    value = _after_key(line)
    head = line[: len(line) - len(value)]
    if key == ENVIRONMENT:
        return head + VARIABLE.sub(lambda match: f"{match['name']}={MASK}", value)
    return head + MASK if key == PASSWORD else line
