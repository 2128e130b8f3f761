"""A Caddy that runs from a Caddyfile: the upstream is replaced in the file, and the file is loaded again."""

import hashlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, SecretStr, model_validator

from blocks import caddyfile
from blocks.caddy_checkup import RELOAD, START, examined, start_container
from blocks.caddy_commands import CaddyCommands, CaddyHere
from blocks.caddy_program import USUAL
from blocks.containers.caddy import CaddyInContainer
from blocks.fields import AbsolutePath, AdminAddress, ContainerName
from blocks.files import locked, replace_file
from blocks.routers.contract import Receipt, Route, Router, changed_since, slot_of, upstream_of
from domain.checkup import Checkup, Remedy
from domain.errors import BackoutError, ConfigurationError, Unreachable

LOCK_TIMEOUT_S = 30.0
COST = "Caddy was reloaded: kept-alive connections of clients were closed, some requests may be lost"


@dataclass(frozen=True)
class _Seen:
    """The file and the route at one moment. `written`: the slot that the file names, loaded or not."""

    text: str
    places: list[caddyfile.Use]
    written: str | None
    route: Route


class CaddyReload(Router):
    """The upstreams of an existing Caddyfile: `reverse_proxy 127.0.0.1:4101`, or `to` inside its block.

    Only the addresses of slots are replaced, in the whole file or in the block of one `site`. The file is tried with
    `caddy adapt` before it takes its place. While a switch runs the old one lies beside it as `.NAME.before`: it is
    put back where Caddy refuses the new one, and shows a later run that an earlier one was cut off.

    Caddy may run in a container: its program is run there, the file is written here. Where the file itself is mounted,
    not its folder, it is written in place, since a rename is not seen through such a mount, and is not tried first.

    Compare-and-set: file and running configuration are compared under a lock beside the file. Whoever edits the file
    without the lock can come between the comparison and the rename, as long as `caddy adapt` takes: then his edit is
    lost.
    """

    lossless: ClassVar[bool] = False
    kind: Literal["caddy_reload"] = "caddy_reload"
    caddyfile: AbsolutePath = Field(description="The Caddyfile that Caddy runs from.")
    admin: AdminAddress = Field(
        description="`unix//run/caddy/admin.sock` on this host, or `127.0.0.1:2019`; with `container` that is inside it."
    )
    container: ContainerName | None = Field(
        default=None, description="The container that Caddy runs in; by default it runs on this host."
    )
    site: str | None = Field(
        default=None, description="A site address as the Caddyfile writes it: only its block."
    )
    program: str = Field(
        default=USUAL,
        description="The `caddy` program: a path, or a name on PATH. Without one on PATH, the one installed with Backout.",
    )
    env: dict[str, SecretStr] = Field(
        default_factory=dict, description="Variables the Caddyfile uses as `{$NAME}`; secrets."
    )
    timeout_s: float = Field(
        default=15.0, gt=0, description="Seconds for each command and each answer of Caddy."
    )

    @model_validator(mode="after")
    def _container_has_its_own(self) -> Self:
        if self.container and (self.env or self.program != USUAL):
            raise ValueError("`program` and `env` mean nothing with `container`: Caddy has its own there")
        return self

    def active(self, upstreams: Mapping[str, str]) -> Route:
        """What the file says, where Caddy has it loaded; what Caddy runs, where a switch was cut off."""
        return self._look(upstreams).route

    def switch(self, slot: str, upstreams: Mapping[str, str], expected: Route) -> Receipt:
        """Write the slot's address into the file and reload Caddy, as the contract says.

        Raises:
            ConfigurationError: the file proxies to no slot, or to several.
            CommandFailed: Caddy refused the new file, or did not end in time; the old file is back in its place.
        """
        wanted = upstream_of(slot, upstreams)
        self._look(upstreams)
        try:
            with locked(self._beside("lock"), LOCK_TIMEOUT_S):
                return self._switch(slot, wanted, upstreams, expected)
        except OSError as error:
            raise self._unreachable(error.strerror or str(error)) from error

    def examine(self) -> list[Checkup]:
        """The container, and whether Caddy runs what its file says."""
        return examined(
            self._commands, self.caddyfile, self.container, cut_off=self._beside("before").exists()
        )

    def renewal(self) -> Remedy | None:
        """A forced reload: Caddy looks at no certificate again where its configuration stays the same."""
        try:
            return Remedy(command=shlex.join([*self._commands.by_hand(self.caddyfile), "--force"]))
        except BackoutError:
            return None

    def mend(self, remedy: str) -> str:
        """`reload`, and `start caddy` where it has a container."""
        if self.container and remedy == START:
            return start_container(self.container)
        if remedy != RELOAD:
            return super().mend(remedy)
        self._commands.reload(self.caddyfile)
        self._beside("before").unlink(missing_ok=True)
        return f"Caddy loaded {self.caddyfile} again"

    def _switch(self, slot: str, wanted: str, upstreams: Mapping[str, str], expected: Route) -> Receipt:
        seen = self._look(upstreams)
        if seen.route.slot == slot == seen.written:
            return Receipt(changed=False, before=slot, after=slot)
        if seen.route.stamp != expected.stamp:
            raise changed_since(str(self.caddyfile), expected, seen.route)
        if seen.written is None:
            problem = "proxies to no slot, or to several; give `site`, the address of the block to switch"
            raise ConfigurationError(
                str(self.caddyfile), "reverse_proxy", problem, sorted(upstreams.values())
            )
        self._load(seen.text, caddyfile.replaced(seen.text, seen.places, wanted))
        return Receipt(changed=True, before=seen.route.slot, after=slot, cost=COST)

    def _load(self, old: str, new: str) -> None:
        caddy = self._commands
        if caddy.sees_beside(self.caddyfile):
            self._require_valid(caddy, new)
        before = self._beside("before")
        replace_file(before, old.encode())
        caddy.put(self.caddyfile, new.encode())
        try:
            caddy.reload(self.caddyfile)
        except BackoutError:
            caddy.put(self.caddyfile, old.encode())
            before.unlink()
            raise
        before.unlink()

    def _require_valid(self, caddy: CaddyCommands, text: str) -> None:
        # `caddy validate` opens the log files that the configuration names, as whoever runs it; `adapt` opens nothing.
        candidate = self._beside("candidate")
        try:
            replace_file(candidate, text.encode())
            candidate.chmod(self.caddyfile.stat().st_mode)
            caddy.adapt(candidate)
        finally:
            candidate.unlink(missing_ok=True)

    @property
    def _commands(self) -> CaddyCommands:
        if self.container:
            return CaddyInContainer(self.container, self.admin, self.timeout_s)
        return CaddyHere(self.admin, self.timeout_s, self.program, self.env)

    def _look(self, upstreams: Mapping[str, str]) -> _Seen:
        text = self._read()
        running = self._commands.running()
        places = caddyfile.uses(text, upstreams.values(), self.site)
        written = _only({slot_of(use.upstream, upstreams) for use in places})
        loaded = {slot_of(dial, upstreams) for dial in _dials(running.value)} - {None}
        cut_off = self._beside("before").exists()
        slot = written if written in loaded and not cut_off else _only(loaded)
        stamp = f"{hashlib.sha256(text.encode()).hexdigest()[:16]} {running.etag}"
        return _Seen(text, places, written, Route(slot=slot, stamp=stamp))

    def _read(self) -> str:
        try:
            return self.caddyfile.read_bytes().decode()
        except FileNotFoundError as error:
            raise self._unreachable("the file is missing; put it back, or correct `caddyfile`") from error
        except OSError as error:
            raise self._unreachable(error.strerror or str(error)) from error

    def _beside(self, what: str) -> Path:
        # In the same folder: a Caddyfile imports others by paths relative to its own.
        return self.caddyfile.with_name(f".{self.caddyfile.name}.{what}")

    def _unreachable(self, why: str) -> Unreachable:
        return Unreachable(what_it_is="router caddy_reload", address=str(self.caddyfile), why=why)


def _only(slots: set[str | None]) -> str | None:
    return next(iter(slots)) if len(slots) == 1 else None


def _dials(part: Any) -> set[str]:
    """Every address that a configuration dials, however deep."""
    if isinstance(part, dict):
        own = {part["dial"]} if isinstance(part.get("dial"), str) else set()
        return own.union(*(_dials(value) for value in part.values()))
    if isinstance(part, list):
        return set().union(*(_dials(item) for item in part))
    return set()
