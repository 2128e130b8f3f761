"""The text of a file of variables, `.env`: what it says, and the same with other values."""

import re
from collections.abc import Mapping

LINE = re.compile(
    r"(?P<head>\s*(?:export\s+)?(?P<key>[A-Za-z_]\w*)[ \t]*=[ \t]*)"
    r"(?P<value>\"[^\"]*\"|'[^']*'|.*?)(?P<tail>[ \t]+#.*|\s*)"
)


def values(text: str) -> dict[str, str]:
    """Key -> value, without the quotes around it; the last one counts where a key is there twice."""
    found = (LINE.fullmatch(line) for line in text.split("\n"))
    return {match["key"]: _bare(match["value"]) for match in found if match}


def rewritten(text: str, changes: Mapping[str, str]) -> str:
    """The text with these values: quotes, comments and all other lines stay; a key that is missing comes last."""
    lines = [_line(line, changes) for line in text.split("\n")]
    missing = [f"{key}={value}" for key, value in changes.items() if key not in values(text)]
    if not missing:
        return "\n".join(lines)
    body = "\n".join(lines)
    closed = body if not body or body.endswith("\n") else f"{body}\n"
    return closed + "\n".join(missing) + "\n"


def decoded(content: bytes) -> str:
    """The text; bytes that are no text come back as they were by `encoded`."""
    return content.decode(errors="surrogateescape")


def encoded(text: str) -> bytes:
    """What `decoded` read."""
    return text.encode(errors="surrogateescape")


def _line(line: str, changes: Mapping[str, str]) -> str:
    match = LINE.fullmatch(line)
    if match is None or match["key"] not in changes:
        return line
    quote = match["value"][:1] if match["value"][:1] in ("'", '"') else ""
    return f"{match['head']}{quote}{changes[match['key']]}{quote}{match['tail']}"


def _bare(value: str) -> str:
    quoted = len(value) > 1 and value[0] in "'\"" and value[-1] == value[0]
    return value[1:-1] if quoted else value
