"""An nginx that includes a file with its upstream: the file is written anew, tested, and nginx is reloaded."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from blocks.fields import AbsolutePath
from blocks.nginx import NginxRouter
from blocks.nginx_upstreams import WRITTEN_BY, Upstream, as_backout_writes, parse, render
from blocks.routers.contract import Route, slot_of
from domain.checkup import Checkup
from domain.errors import BackoutError, CommandFailed, ConfigurationError

COST = "nginx was reloaded: kept-alive connections of clients were closed, some requests may be lost"
STAMP_LENGTH = 16


class NginxUpstream(NginxRouter):
    """A file that nginx's own configuration includes in `http`, with one `upstream` in it and nothing else.

    The file belongs to Backout and says so in its first line. One that a person wrote is read; the first switch keeps it
    beside as `FILE.before-backout`, and keeps what it says of the upstream besides (`keepalive 16`, `max_fails=0`).

    A switch writes the file and tests the whole configuration before nginx is reloaded. While it runs the old file lies
    beside as `.NAME.before`: it comes back where the new one does not test or nginx does not take it, and tells a later
    run that an earlier one was cut off. Until the switch is done the route is the old one, and the same call does it again.

    Compare-and-set: under a lock beside the file. Who edits the file without the lock can come between comparison and
    rename; then that edit is lost. Who reloads nginx while a switch tests makes it load what is being tested.
    """

    lossless: ClassVar[bool] = False
    kind: Literal["nginx_upstream"] = "nginx_upstream"
    file: AbsolutePath = Field(
        description="The file that nginx's configuration includes; holds the upstream alone."
    )
    upstream: str = Field(
        pattern=r"^[A-Za-z0-9_.-]+$", description="The upstream's name, as `proxy_pass` names it."
    )

    def active(self, upstreams: Mapping[str, str]) -> Route:
        """What the file says; where a switch was cut off, what it said before."""
        text = self._before() or self._text()
        addresses = {slot: as_backout_writes(address) for slot, address in upstreams.items()}
        shares = self._parsed(text).per_cent()
        found = {slot: share for address, share in shares.items() if (slot := slot_of(address, addresses))}
        stamp = hashlib.sha256(text.encode()).hexdigest()[:STAMP_LENGTH]
        if len(shares) == 1 and found:
            return Route(slot=next(iter(found)), stamp=stamp)
        return Route(slot=None, stamp=stamp, shares=found)

    @property
    def _place(self) -> Path:
        return self.file

    def _settled(self) -> bool:
        return self._before() is None

    def _set(self, shares: Mapping[str, int], upstreams: Mapping[str, str]) -> str:
        # First of all: where nginx is down nothing is to be changed.
        self._workers()
        old = self._before() or self._text()
        weights = {upstreams[slot]: share for slot, share in shares.items()}
        if not old.startswith(WRITTEN_BY):
            self.host.replace(self.file.with_name(f"{self.file.name}.before-backout"), old.encode())
        self.host.replace(self._marker, old.encode())
        self.host.replace(self.file, render(self.upstream, weights, self._parsed(old)).encode())
        self._load(old)
        return COST

    def _load(self, old: str) -> None:
        """Make nginx take the file as it is now; where it does not, put the old one back.

        A host that is lost on the way leaves all as it is: then the next call goes on.
        """
        try:
            self._test()
        except CommandFailed:
            self._put_back(old)
            raise
        try:
            self._reload()
        except CommandFailed:
            self._put_back(old)
            # It may have taken the new file late: with the old one loaded again, nginx and file agree.
            with suppress(CommandFailed):
                self._reload()
            raise
        self._remove_marker()

    def _put_back(self, old: str) -> None:
        self.host.replace(self.file, old.encode())
        self._remove_marker()

    def _remove_marker(self) -> None:
        self.host.check(["rm", "-f", "--", str(self._marker)])

    @property
    def _marker(self) -> Path:
        return self.file.with_name(f".{self.file.name}.before")

    def _before(self) -> str | None:
        """The old file, where a switch was cut off or runs."""
        content = self.host.read(self._marker)
        return None if content is None else content.decode(errors="replace")

    def _text(self) -> str:
        content = self.host.read(self.file)
        if content is None:
            why = f"it is missing; write `upstream {self.upstream} {{ server ADDRESS; }}` into it for the slot that shall serve"
            raise self._unreachable("nginx's upstream file", self.file, why)
        return content.decode(errors="replace")

    def _parsed(self, text: str) -> Upstream:
        try:
            return parse(text, self.upstream)
        except ValueError as error:
            raise ConfigurationError(file=str(self.file), key="upstream", problem=str(error)) from error

    def _examine_place(self) -> list[Checkup]:
        try:
            weights = self._parsed(self._text()).per_cent()
            settled = self._settled()
        except BackoutError as error:
            return [self._wrong("nginx upstream file", error.what())]
        if settled:
            said = ", ".join(f"{address} {share} %" for address, share in weights.items())
            return [self._well("nginx upstream file", f"{self.file}: {said}")]
        said = f"a switch of {self.file} was cut off ({self._marker.name} is there): switch again"
        return [self._wrong("nginx upstream file", said, self._remedy)]
