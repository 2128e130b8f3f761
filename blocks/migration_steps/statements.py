"""SQL scripts taken apart into statements, by PostgreSQL's lexical rules (manual, 4.1) and as psql ends a statement.

A semicolon inside a string, a dollar-quoted body, a comment, brackets or `BEGIN ATOMIC ... END` ends nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""
    (?P<line_comment> --[^\n]* )
  | (?P<comment> /\* )
  | (?P<dollar> \$(?:[^\W\d]\w*)?\$ )
  | (?P<string> [eE]'(?:[^'\\]|\\.|'')*(?:'|\Z) | '(?:[^']|'')*(?:'|\Z) | "(?:[^"]|"")*(?:"|\Z) )
  | (?P<word> [^\W\d][\w$]* )
  | (?P<blank> \s+ )
  | (?P<mark> [;()] )
  | (?P<other> \d[\w.]* | . )
    """,
    re.VERBOSE | re.DOTALL,
)
EDGE_OF_COMMENT = re.compile(r"/\*|\*/")
INVISIBLE = ("line_comment", "comment", "blank")


@dataclass(frozen=True)
class Statement:
    """One statement.

    Attributes:
        text: as written, without the semicolon and the comments before it.
        line: the script's line it begins on; the first is 1.
        words: its key words and plain names in capitals; no strings, no quoted names, no comments.
    """

    text: str
    line: int
    words: tuple[str, ...]

    @property
    def head(self) -> str:
        """Its beginning in one line, for people."""
        line = " ".join(self.text.split())
        return line if len(line) <= LONGEST_HEAD else f"{line[:LONGEST_HEAD]} ..."


LONGEST_HEAD = 100


@dataclass
class _Open:
    """The statement that is being read."""

    start: int = -1
    words: list[str] = field(default_factory=list)
    brackets: int = 0
    blocks: int = 0

    @property
    def makes_routine(self) -> bool:
        words = [word for word in self.words[:4] if word not in ("OR", "REPLACE")]
        return words[:2] in (["CREATE", "FUNCTION"], ["CREATE", "PROCEDURE"])

    def take(self, kind: str, part: str) -> None:
        if kind == "word":
            self._take_word(part.upper())
        elif kind == "mark":
            self.brackets = max(0, self.brackets + {"(": 1, ")": -1}.get(part, 0))

    def _take_word(self, word: str) -> None:
        """A `CASE` inside a body of SQL has an `END` of its own."""
        opens = word == "ATOMIC" and self.words[-1:] == ["BEGIN"]
        if self.makes_routine and (opens or (self.blocks and word == "CASE")):
            self.blocks += 1
        elif self.blocks and word == "END":
            self.blocks -= 1
        self.words.append(word)


def statements(script: str) -> list[Statement]:
    """The script's statements in their order; what holds only comments is none."""
    found: list[Statement] = []
    current = _Open()
    for kind, start, end in _tokens(script):
        part = script[start:end]
        if part == ";" and not current.brackets and not current.blocks:
            found += _closed(script, current, start)
            current = _Open()
        elif kind not in INVISIBLE:
            current.start = start if current.start < 0 else current.start
            current.take(kind, part)
    return found + _closed(script, current, len(script))


def _closed(script: str, current: _Open, end: int) -> list[Statement]:
    if current.start < 0:
        return []
    line = script.count("\n", 0, current.start) + 1
    return [Statement(script[current.start : end].rstrip(), line, tuple(current.words))]


def _tokens(script: str) -> Iterator[tuple[str, int, int]]:
    """Kind, start and end of each token."""
    at = 0
    while match := TOKEN.match(script, at):
        kind, end = str(match.lastgroup), match.end()
        if kind == "comment":
            end = _end_of_comment(script, end)
        elif kind == "dollar":
            closing = script.find(match[0], end)
            end = len(script) if closing < 0 else closing + len(match[0])
        yield kind, at, end
        at = end


def _end_of_comment(script: str, at: int) -> int:
    """Comments nest in PostgreSQL."""
    depth = 1
    for edge in EDGE_OF_COMMENT.finditer(script, at):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(script)
