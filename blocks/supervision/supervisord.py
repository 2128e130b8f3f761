"""Which supervisord, as `backout.yaml` describes it."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, SerializeAsAny, model_validator

from blocks.adapter import chosen_from
from blocks.fields import AbsolutePath
from blocks.hosts.contract import Host
from blocks.hosts.local import Local
from blocks.supervision.command import Supervisorctl
from blocks.supervision.control import Control
from blocks.supervision.rpc import Rpc


class Supervisord(BaseModel):
    """One supervisord: asked by XML-RPC over its socket on this host, or by `supervisorctl` on whatever host it runs."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    host: Annotated[SerializeAsAny[Host], chosen_from("hosts")] = Field(
        default_factory=Local, description="Where it runs; by default this very machine."
    )
    socket: AbsolutePath | None = Field(
        default=None,
        description="Its unix socket, on this machine only. By default `command` is run on `host`.",
    )
    username: str = Field(default="", description="Of its section `unix_http_server`, where it names one.")
    password: SecretStr | None = Field(default=None, description="The password beside it.")
    command: list[str] = Field(
        default=["supervisorctl"],
        min_length=1,
        description="Where no socket is given: the program and its first arguments, `[sudo, -n, supervisorctl]`.",
    )
    configuration_file: AbsolutePath | None = Field(
        default=None, description="Its configuration, for the evidence; values of variables are masked."
    )

    @model_validator(mode="after")
    def _socket_is_here(self) -> Self:
        if self.socket and self.host.kind != "local":
            raise ValueError("socket is on this machine: leave it out, and supervisorctl is run on `host`")
        return self

    def control(self) -> Control:
        """What asks it."""
        if self.socket:
            return Rpc(self.socket, self.username, self.password)
        return Supervisorctl(self.host, self.command)

    def configuration_text(self) -> str | None:
        """Its configuration as it is, secrets included; None where none is named, or it is not there. Raises Unreachable."""
        content = self.host.read(self.configuration_file) if self.configuration_file else None
        return None if content is None else content.decode(errors="replace")
