"""A Caddy that reads at each request, from a file, which slot to dial: a switch is one rename, and loses nothing."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from blocks.caddy_placeholder import PlaceholderRouter
from blocks.caddy_route_checkup import examined_file
from blocks.fields import AbsolutePath
from blocks.files import replace_file
from blocks.routers.contract import Receipt, Route, changed_since, slot_of, upstream_of
from domain.checkup import Checkup
from domain.errors.machines import unusable


class CaddyFile(PlaceholderRouter):
    """Caddy's upstream is the placeholder of a file: `"upstreams": [{"dial": "{file./run/shop/active}"}]`.

    In a Caddyfile that is `reverse_proxy tcp/{file./run/shop/active}`: without `tcp/` Caddy adds `:80` to it.

    Where the file is missing Caddy answers 502, so it is never absent, not for an instant, and this router does not
    make one up.
    """

    lossless: ClassVar[bool] = True
    kind: Literal["caddy_file"] = "caddy_file"
    file: AbsolutePath = Field(description="The file that Caddy's placeholder names; holds one `host:port`.")

    def active(self, upstreams: Mapping[str, str]) -> Route:
        """What the file says. Raises Unreachable where it cannot be read."""
        try:
            content, found = self.file.read_bytes(), self.file.stat()
        except FileNotFoundError as error:
            choice = " or ".join(sorted(upstreams.values()))
            raise self._unreachable(
                f"the file is missing and Caddy answers 502; write the address of the slot that shall serve into it"
                f" ({choice}), or correct `file`"
            ) from error
        except OSError as error:
            raise unusable("router caddy_file", str(self.file), error) from error
        digest = hashlib.sha256(content).hexdigest()[:16]
        stamp = f"{digest}-{found.st_ino}-{found.st_mtime_ns}"
        return Route(slot=slot_of(content.decode(errors="replace").strip(), upstreams), stamp=stamp)

    def switch(self, slot: str, upstreams: Mapping[str, str], expected: Route) -> Receipt:
        """Rename a file with the slot's address over the old one, as the contract says.

        Raises ConfigurationError too, where the file is mounted into `container` so that Caddy would not see it.
        """
        wanted = upstream_of(slot, upstreams)
        self.active(upstreams)
        with self._turn():
            found = self.active(upstreams)
            if found.slot == slot:
                return Receipt(changed=False, before=slot, after=slot)
            if found.stamp != expected.stamp:
                raise changed_since(str(self.file), expected, found)
            replace_file(self.file, wanted.encode())
            return Receipt(changed=True, before=found.slot, after=slot)

    @property
    def _place(self) -> Path:
        return self.file

    @property
    def _setting(self) -> str:
        return "file"

    def _examined_place(self) -> Checkup:
        return examined_file(self.file)
