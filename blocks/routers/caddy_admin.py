"""A running Caddy, switched through its admin API with compare-and-set. Each switch closes kept-alive connections."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from blocks.caddy_api import CaddyApi, Part
from blocks.caddy_checkup import START, examined_container, start_container
from blocks.caddy_route_checkup import examined_admin
from blocks.fields import AdminAddress, ContainerName
from blocks.routers.contract import Receipt, Route, Router, changed_since, slot_of, upstream_of
from domain.checkup import Checkup
from domain.errors import ConfigurationError, Unreachable

COST = (
    "Caddy took a new configuration: kept-alive connections of clients were closed, some requests may be lost"
)


class CaddyAdmin(Router):
    """The upstreams of one `reverse_proxy` handler in Caddy's running configuration.

    The handler is named by its `@id`, or by its path in the configuration. Compare-and-set is Caddy's own, by Etag:
    there is no window. The Etag says what the upstreams are, so a route that went away and came back is the same.

    A Caddy that is started again without `--resume` reads its file, and a switch made here is gone: where Caddy runs
    from a Caddyfile use `caddy_reload`.
    """

    lossless: ClassVar[bool] = False
    kind: Literal["caddy_admin"] = "caddy_admin"
    admin: AdminAddress = Field(description="`unix//run/caddy/admin.sock`, or `127.0.0.1:2019`.")
    id: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9_.-]+$", description="The `@id` of the reverse_proxy handler."
    )
    path: str | None = Field(
        default=None,
        pattern=r"^(/[A-Za-z0-9_.-]+)+$",
        description="Where the handler is, e.g. `/apps/http/servers/srv0/routes/0/handle/0`.",
    )
    timeout_s: float = Field(default=5.0, gt=0, description="Seconds for an answer of the admin API.")
    container: ContainerName | None = Field(
        default=None, description="The container that Caddy runs in, for `backout doctor`."
    )

    @model_validator(mode="after")
    def _one_way_to_the_handler(self) -> Self:
        if (self.id is None) == (self.path is None):
            raise ValueError("give `id` or `path` of the reverse_proxy handler, one of the two")
        return self

    def active(self, upstreams: Mapping[str, str]) -> Route:
        """What the running configuration says. Raises ConfigurationError too, where the handler is not there."""
        return _route(self._read(), upstreams)

    def switch(self, slot: str, upstreams: Mapping[str, str], expected: Route) -> Receipt:
        """Make the slot the handler's only upstream, as the contract says."""
        wanted = upstream_of(slot, upstreams)
        part = self._read()
        found = _route(part, upstreams)
        if found.slot == slot:
            return Receipt(changed=False, before=slot, after=slot)
        if found.stamp != expected.stamp or not self._replace(part, wanted):
            raise changed_since(self._handler, expected, found)
        return Receipt(changed=True, before=found.slot, after=slot, cost=COST)

    def examine(self) -> list[Checkup]:
        """Caddy's container, where it has one, and the admin API."""
        return [*examined_container(self.container), examined_admin(self.admin, self._read)]

    def mend(self, remedy: str) -> str:
        """`start caddy`, where it has a container."""
        if self.container and remedy == START:
            return start_container(self.container)
        return super().mend(remedy)

    def _replace(self, part: Part, wanted: str) -> bool:
        # What else is said of an upstream (max_requests) goes on to hold.
        value = [{**part.value[0], "dial": wanted}]
        try:
            return self._api.replace(self._handler, value, part.etag)
        except Unreachable:
            # An answer that was lost says nothing about the switch, and the one who was faster can cut ours off: look.
            now = self._read()
            if now.etag == part.etag:
                raise
            return bool(now.value == value)

    def _read(self) -> Part:
        part = self._api.get(self._handler)
        if not _is_upstreams(part.value):
            problem = "has no upstreams: it is no reverse_proxy handler with addresses of its own"
            raise ConfigurationError(file=f"Caddy at {self.admin}", key=self._handler, problem=problem)
        return part

    @property
    def _api(self) -> CaddyApi:
        return CaddyApi(self.admin, self.timeout_s)

    @property
    def _handler(self) -> str:
        return f"/id/{self.id}/upstreams" if self.id else f"/config{self.path}/upstreams"


def _is_upstreams(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _route(part: Part, upstreams: Mapping[str, str]) -> Route:
    dials = {item.get("dial", "") for item in part.value}
    slot = slot_of(dials.pop(), upstreams) if len(dials) == 1 else None
    return Route(slot=slot, stamp=part.etag)
