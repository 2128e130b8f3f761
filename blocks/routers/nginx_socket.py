"""An nginx whose upstream is a socket behind a symbolic link: a switch is one rename, and loses nothing."""

import hashlib
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from blocks.fields import AbsolutePath
from blocks.nginx import NginxRouter
from blocks.nginx_upstreams import socket_path
from blocks.routers.contract import Route, in_words, upstream_of
from domain.checkup import Checkup, Remedy
from domain.errors import BackoutError, ConfigurationError

TEN = 10
STAMP_LENGTH = 16


class NginxSocket(NginxRouter):
    """nginx dials sockets through a link that this router renames; nginx itself is not touched, and not asked.

    With ten servers the link leads to a folder of ten links, `0.sock` to `9.sock`, each to a slot's socket:

        upstream shop {
            server unix:/run/backout/shop/active/0.sock max_fails=0;   # and so on to 9.sock
        }

    so each server is 10 % of the traffic. For each way to share it out there is one folder, beside the link in
    `LINK.routes`; it is filled first, then the link is renamed. So a request sees the old shares or the new ones, and a
    crash leaves the old ones. With one server, `server unix:/run/backout/shop/active.sock`, the link leads to the socket.

    Compare-and-set: under a lock beside the link. Who changes it without the lock can come between comparison and
    rename. A route that went away and came back is the same route.
    """

    lossless: ClassVar[bool] = True
    grain: ClassVar[int] = 10
    kind: Literal["nginx_socket"] = "nginx_socket"
    link: AbsolutePath = Field(
        description="The link in nginx's `server` lines: `/run/backout/shop/active`, or `.../active.sock` for one."
    )
    servers: Literal[1, 10] = Field(
        default=10,
        description="How many `server` lines the upstream has; with 1 traffic cannot be shared out.",
    )

    def active(self, upstreams: Mapping[str, str]) -> Route:
        """Where the links lead. Raises Unreachable where one is missing."""
        sockets = _sockets(upstreams)
        targets = self._targets()
        held = {slot: targets.count(path) for slot, path in sockets.items() if path in targets}
        shares = {slot: count * 100 // self.servers for slot, count in held.items()}
        stamp = hashlib.sha256("\n".join(targets).encode()).hexdigest()[:STAMP_LENGTH]
        for slot, count in held.items():
            if count == self.servers:
                return Route(slot=slot, stamp=stamp)
        return Route(slot=None, stamp=stamp, shares=shares)

    @property
    def weighs(self) -> bool:
        """With ten servers."""
        return self.servers == TEN

    @property
    def _place(self) -> Path:
        return self.link

    def _set(self, shares: Mapping[str, int], upstreams: Mapping[str, str]) -> str:
        sockets = _sockets(upstreams)
        if self.servers == 1:
            if len(shares) > 1:
                raise ValueError(
                    f"{in_words(shares)}: nginx has one server line; for shares give it ten, and set `servers`"
                )
            self.host.link(self.link, sockets[next(iter(shares))])
            return ""
        targets = [sockets[slot] for slot, share in shares.items() for _ in range(share // self.grain)]
        self.host.link(self.link, self._filled(in_words(shares), targets))
        return ""

    def _filled(self, words: str, targets: list[str]) -> str:
        """A folder whose links lead there, as the link names it. Each content has a folder of its own."""
        digest = hashlib.sha256("\n".join(targets).encode()).hexdigest()[:8]
        label = words.replace(" %", "").replace(", ", "+").replace(" ", "-")
        name = f"{self.link.name}.routes/{label}-{digest}"
        folder = self.link.parent / name
        self.host.check(["mkdir", "-p", "-m", "755", "--", str(folder.parent), str(folder)])
        for number, target in enumerate(targets):
            if self.host.link_target(folder / f"{number}.sock") != target:
                self.host.link(folder / f"{number}.sock", target)
        return name

    def _links(self) -> list[Path]:
        """What nginx dials, all of it."""
        if self.servers == 1:
            return [self.link]
        return [self.link / f"{number}.sock" for number in range(TEN)]

    def _targets(self) -> list[str]:
        return [self._target(link) for link in self._links()]

    def _target(self, link: Path) -> str:
        found = self.host.link_target(link)
        if found is None:
            missing = link if self.servers == 1 or self.host.link_target(self.link) else self.link
            raise self._unreachable(
                "link", missing, f"there is none, and nginx answers 502. {self._by_hand(missing)}"
            )
        return posixpath.normpath(link.parent / found)

    def _by_hand(self, missing: Path) -> str:
        """What a person types, in words that hold for any slot."""
        if missing == self.link and self.servers == TEN:
            return f"Point it at a folder of {self.link}.routes: `ln -s FOLDER {self.link}`"
        return f"Point it at a slot's socket: `ln -s SOCKET {missing}`"

    def _examine_place(self) -> list[Checkup]:
        try:
            targets = sorted(set(self._targets()))
            dead = [path for path in targets if self.host.run(["test", "-S", path]).exit_code != 0]
        except BackoutError as error:
            return [self._wrong("nginx links", error.what())]
        if dead:
            said = (
                f"{self.link} leads to {dead[0]}, which is no socket: start its slot, or roll back to another"
            )
            return [self._wrong("nginx links", said, Remedy(command=f"ls -l {' '.join(dead)}"))]
        return [self._well("nginx links", f"{self.link} leads to {', '.join(targets)}")]


def _sockets(upstreams: Mapping[str, str]) -> dict[str, str]:
    """Slot -> its socket's path. Raises ConfigurationError where a slot has none."""
    found = {slot: socket_path(upstream_of(slot, upstreams)) for slot in upstreams}
    without = [slot for slot, path in found.items() if path is None]
    if without:
        problem = (
            f"slot {without[0]} is at {upstreams[without[0]]}: nginx_socket needs unix sockets, `unix//path`"
        )
        raise ConfigurationError(file="backout.yaml", key="platform", problem=problem)
    return {slot: posixpath.normpath(path) for slot, path in found.items() if path}
