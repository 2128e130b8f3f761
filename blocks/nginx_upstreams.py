"""An upstream of nginx's configuration: which servers it names, with which weights; and the file that says so.

https://nginx.org/en/docs/http/ngx_http_upstream_module.html describes it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from blocks.fields import UNIX

WRITTEN_BY = "# Written by Backout."
HEAD = f"{WRITTEN_BY} Do not edit it: the next switch writes it anew.\n"
NO_TRAFFIC = ("backup", "down")
TOKEN = re.compile(r"""#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|[^\s{};]+""")
OPENING, CLOSING, END = "{};"
PORT = ":80"
"""What nginx dials where an address has no port."""


@dataclass(frozen=True)
class Directive:
    """One line of a configuration, `server 127.0.0.1:8001 weight=9`, or a block with others in it."""

    words: list[str]
    below: list["Directive"] | None = None


@dataclass(frozen=True)
class Upstream:
    """What an `upstream` block says.

    Attributes:
        weights: address -> weight, of the servers that get traffic; addresses as Backout writes them.
        options: what else is said of the first of them: `max_fails=0`.
        others: the block's other directives, `keepalive 16`.
    """

    weights: dict[str, int]
    options: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def per_cent(self) -> dict[str, int]:
        """Address -> its share of new requests, rounded."""
        total = sum(self.weights.values())
        return {address: round(100 * weight / total) for address, weight in self.weights.items()}


def socket_path(upstream: str) -> str | None:
    """The socket's path of `unix//path` or `unix:/path`; None for any other address."""
    for opening in (UNIX, "unix:"):
        if upstream.startswith(opening):
            return upstream.removeprefix(opening)
    return None


def parse(text: str, name: str) -> Upstream:
    """The upstream of this name.

    Raises:
        ValueError: the file holds none, or anything else beside it; the message says which, and what to do.
    """
    found = _directives(text)
    ours = next((each for each in found if each.words == ["upstream", name]), None)
    if ours is None or ours.below is None:
        raise ValueError(f"holds no `upstream {name} {{ ... }}`; give the name in `upstream`")
    others = [" ".join(each.words) for each in found if each is not ours]
    if others:
        raise ValueError(
            f"holds more than the upstream: `{others[0]}`; move that to another file, this one is written anew"
        )
    return _upstream(ours.below)


def render(name: str, weights: Mapping[str, int], before: Upstream) -> str:
    """The whole file: these servers, with what `before` says besides. One server alone needs no weight."""
    lines = []
    for address, weight in weights.items():
        share = [f"weight={weight}"] if len(weights) > 1 else []
        lines.append(["server", _dialled(address), *share, *before.options])
    body = [f"    {' '.join(words)};\n" for words in lines] + [f"    {other};\n" for other in before.others]
    return f"{HEAD}upstream {name} {{\n{''.join(body)}}}\n"


def _upstream(directives: Sequence[Directive]) -> Upstream:
    servers = [each.words[1:] for each in directives if each.words[0] == "server"]
    serving = [words for words in servers if not set(words) & set(NO_TRAFFIC)]
    if not serving:
        raise ValueError(
            "names no server that gets traffic; write `server ADDRESS;` for the slot that shall serve"
        )
    weights: dict[str, int] = {}
    for address, *options in serving:
        weights[as_backout_writes(address)] = weights.get(as_backout_writes(address), 0) + _weight(options)
    options = [option for option in serving[0][1:] if not option.startswith("weight=")]
    others = [" ".join(each.words) for each in directives if each.words[0] != "server"]
    return Upstream(weights, options, others)


def _weight(options: Sequence[str]) -> int:
    return next((int(option.partition("=")[2]) for option in options if option.startswith("weight=")), 1)


def as_backout_writes(address: str) -> str:
    """An address in one spelling: `unix//path`, or `host:port` with the port nginx takes where none is given."""
    path = socket_path(address)
    if path is not None:
        return f"{UNIX}{path}"
    return address if re.search(r":\d+$", address) else address + PORT


def _dialled(address: str) -> str:
    path = socket_path(address)
    return address if path is None else f"unix:{path}"


def _directives(text: str) -> list[Directive]:
    tokens = (token for token in TOKEN.findall(text) if not token.startswith("#"))
    return list(_block(tokens))


def _block(tokens: Iterator[str]) -> Iterator[Directive]:
    """The directives up to the block's closing brace, or the end."""
    words: list[str] = []
    for token in tokens:
        if token in CLOSING:
            return
        if token in END:
            yield Directive(words)
            words = []
        elif token in OPENING:
            yield Directive(words, list(_block(tokens)))
            words = []
        else:
            words.append(token)
