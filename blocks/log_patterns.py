"""Regular expressions over log lines, for the signals that read some."""

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

LONGEST_LINE = 2000
"""Letters of a line that are looked at: a pattern can take very long on a very long line."""
LONGEST_MATCH = 40


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        where = "" if error.pos is None else f" at letter {error.pos + 1}"
        raise ValueError(f"is not a regular expression: {error.msg}{where}") from None
    return pattern


Pattern = Annotated[str, Field(min_length=1), AfterValidator(_compiles)]


def matching(pattern: str, lines: Sequence[str]) -> list[str]:
    """The lines that the pattern matches, cut to `LONGEST_LINE`."""
    expression = re.compile(pattern)
    return [cut for line in lines if expression.search(cut := line[:LONGEST_LINE])]


def matches(pattern: str, lines: Sequence[str]) -> list[str]:
    """What the pattern matched in each line that it matches."""
    expression = re.compile(pattern)
    found = (expression.search(line[:LONGEST_LINE]) for line in lines)
    return [match[0][:LONGEST_MATCH] for match in found if match]
