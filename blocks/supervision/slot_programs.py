"""What runs in one slot of a supervisord, as `backout.yaml` describes it."""

from collections.abc import Mapping, Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from blocks.environment_text import values
from blocks.fields import AbsolutePath, BaseUrl, dial_of
from blocks.hosts.contract import Host
from blocks.supervision.control import ProgramState, starts
from blocks.supervision.environment_file import VERSION
from blocks.supervision.starting import state_of
from domain.names import VERSION as VERSION_NAME
from domain.release import Slot


class SlotPrograms(BaseModel):
    """One slot: the programs that make it up, where they answer, and what says which release is in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    programs: list[str] = Field(
        min_length=1,
        description="supervisord's programs of this slot, as `supervisorctl` names them; started in this order.",
    )
    address: BaseUrl = Field(description="Where the slot itself answers, past the router.")
    socket: AbsolutePath | None = Field(
        default=None, description="The unix socket that the router dials; by default it dials `address`."
    )
    release_link: AbsolutePath | None = Field(
        default=None,
        description="The link to the folder of the slot's release; the folder is named by its version.",
    )
    release_file: AbsolutePath | None = Field(
        default=None, description="Instead of the link: a file that holds the version, or `APP_VERSION=...`."
    )

    @model_validator(mode="after")
    def _says_its_release(self) -> Self:
        if (self.release_link is None) == (self.release_file is None):
            raise ValueError(
                "give release_link or release_file: one of them says which release the slot holds"
            )
        return self

    @property
    def dial(self) -> str:
        """What the router dials."""
        return f"unix/{self.socket}" if self.socket else dial_of(self.address)

    def seen(self, name: str, host: Host, known: Mapping[str, ProgramState], main_log: Sequence[str]) -> Slot:
        """The slot of this name by what supervisord says of its programs, and its log of their starts. Raises Unreachable."""
        found = [state_of(known, program) for program in self.programs]
        return Slot(
            name=name,
            version=self.version(host),
            running=all(state.up for state in found),
            address=self.address,
            since=max((state.since for state in found if state.since), default=None),
            restarts=sum(max(0, starts(main_log, program) - 1) for program in self.programs),
            detail="; ".join(state.line() for state in found),
        )

    def version(self, host: Host) -> str | None:
        """The release in the slot; None where nothing says one. Raises Unreachable."""
        if self.release_link:
            target = host.link_target(self.release_link)
            found = target.rstrip("/").rpartition("/")[2] if target else ""
        else:
            found = _written(host.read(self.release_file) if self.release_file else None)
        return found if VERSION_NAME.fullmatch(found) else None


def _written(content: bytes | None) -> str:
    text = (content or b"").decode(errors="replace")
    lines = text.split()
    return values(text).get(VERSION) or (lines[0] if lines else "")
