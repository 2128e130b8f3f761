"""Which upstreams a Caddyfile proxies to, and the same file with others. Text in, text out.

Follows https://caddyserver.com/docs/caddyfile/concepts as far as upstreams go: tokens, quotes, comments, blocks.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`|\S+')
ADDRESS = re.compile(r'^["`]?(?:(?:https?|h2c)://)?(?P<dial>[^"`]+)["`]?$')


@dataclass(frozen=True)
class Use:
    """One place where a known upstream is proxied to: `text[start:end] == upstream`."""

    upstream: str
    start: int
    end: int


@dataclass(frozen=True)
class _Token:
    text: str
    start: int


@dataclass
class _Walk:
    """Where in the file's blocks a line stands. `proxy`: the depth inside a `reverse_proxy` block, if in one."""

    depth: int = 0
    proxy: int | None = None
    header: set[str] = field(default_factory=set)

    def take(self, line: list[_Token]) -> list[_Token]:
        """The tokens of the next line that are upstreams of a `reverse_proxy`."""
        words = [token.text for token in line]
        if self.depth == 0:
            self.header |= {word.strip(",") for word in words}
        proxies = words[0] == "reverse_proxy" or (words[0] == "to" and self.depth == self.proxy)
        self._enter_or_leave(words)
        return line[1:] if proxies else []

    def _enter_or_leave(self, words: list[str]) -> None:
        if words[-1] == "{":
            self.depth += 1
            self.proxy = self.depth if words[0] == "reverse_proxy" else self.proxy
        elif words[0] == "}":
            self.proxy = None if self.depth == self.proxy else self.proxy
            self.depth -= 1
            if self.depth == 0:
                self.header = set()


def uses(text: str, upstreams: Collection[str], site: str | None = None) -> list[Use]:
    """Where the file proxies to one of these `host:port`, in order.

    Args:
        text: the Caddyfile.
        upstreams: what to look for; other upstreams are left alone.
        site: only in the block of this site address or `(snippet)`; None takes the whole file.
    """
    found = []
    walk = _Walk()
    for line in _lines(text):
        proxied = walk.take(line)
        if site is None or site in walk.header:
            found += [use for token in proxied if (use := _use(token)).upstream in upstreams]
    return found


def replaced(text: str, places: Iterable[Use], upstream: str) -> str:
    """The file with `upstream` in all these places; nothing else changes, not a blank."""
    for use in sorted(places, key=lambda place: place.start, reverse=True):
        text = text[: use.start] + upstream + text[use.end :]
    return text


def _lines(text: str) -> Iterator[list[_Token]]:
    start = 0
    for line in text.splitlines(keepends=True):
        tokens = list(_tokens(line, start))
        if tokens:
            yield tokens
        start += len(line)


def _tokens(line: str, start: int) -> Iterator[_Token]:
    for match in TOKEN.finditer(line):
        if match.group().startswith("#"):
            return
        yield _Token(match.group(), start + match.start())


def _use(token: _Token) -> Use:
    match = ADDRESS.match(token.text)
    if match is None:
        return Use("", token.start, token.start)
    return Use(match["dial"], token.start + match.start("dial"), token.start + match.end("dial"))
