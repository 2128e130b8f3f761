"""Blue and green as programs of a supervisord, behind a router: NotesHub's way."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal, Self

import yaml
from pydantic import ConfigDict, Field, model_validator

from blocks.fields import AbsolutePath
from blocks.hosts.local import nothing
from blocks.idle_slot import require_idle
from blocks.installable import Installable
from blocks.platforms.contract import Aligned, Look, Standing, Unproven
from blocks.program import SlotName
from blocks.restartable import DOWN, Restartable, due
from blocks.startable import Startable
from blocks.supervision import installing, starting
from blocks.supervision.aligning import Aligning
from blocks.supervision.checkups import RESTART, START, checkups
from blocks.supervision.control import Control
from blocks.supervision.environment_file import EnvironmentFile
from blocks.supervision.lacking import lacking
from blocks.supervision.masked_control import MaskedControl
from blocks.supervision.process_table import usage_of, with_starts
from blocks.supervision.rendered import Rendered
from blocks.supervision.slot_programs import SlotPrograms
from blocks.supervision.supervisord import Supervisord
from domain.checkup import Checkup
from domain.errors import BackoutError, CommandFailed, UnknownSlot
from domain.findings import all_ok, summary
from domain.release import Slot, Usage

LOOK_AGAIN_S = 0.25
LEAST_LOOKS = 2


class Supervisor(Startable, Restartable, Installable):
    """Slots are programs of one supervisord; the router decides who gets traffic.

    NotesHub keeps its last three versions ready, so it has three slots; the oldest may be stopped, and is started when it
    is asked for.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    kind: Literal["supervisor"] = "supervisor"
    supervisord: Supervisord = Field(description="Which supervisord, and how it is asked.")
    programs: dict[SlotName, SlotPrograms] = Field(
        alias="slots", min_length=2, description="Slot -> its programs, its address and its release."
    )
    start_timeout_s: float = Field(
        default=30.0, gt=0, description="Seconds until a started slot must be healthy."
    )
    stop_timeout_s: float = Field(
        default=15.0, gt=0, description="Seconds until a stopped program must be down."
    )
    releases: AbsolutePath | None = Field(
        default=None,
        description="Holds a folder for each release, named by its version, on supervisord's host: `deploy` leads the slot's"
        " `release_link` there. Without it `deploy.install` has to put a release into a slot.",
    )
    environment_file: AbsolutePath | None = Field(
        default=None,
        description="`.env.production`: APP_VERSION, DEPLOYMENT_ENV and PREVIOUS_VERSION follow the switch.",
    )
    restart: list[str] = Field(
        default_factory=list,
        description="Programs of no slot that a standard rollback and an emergency restart: worker, frontend.",
    )
    clear_caches: list[list[str]] = Field(
        default_factory=list, description="Commands that then clear caches, on supervisord's host; no shell."
    )

    @model_validator(mode="after")
    def _programs_differ(self) -> Self:
        named = [*self.restart, *(name for slot in self.programs.values() for name in slot.programs)]
        if twice := sorted({name for name in named if named.count(name) > 1}):
            raise ValueError(f"named twice: {', '.join(twice)}; a slot's program belongs to that slot alone")
        return self

    @property
    def aligns(self) -> bool:
        """Whether anything outside of the slots follows the switch."""
        return bool(self.environment_file or self.restart or self.clear_caches)

    def upstreams(self) -> Mapping[str, str]:
        """Slot -> its socket or `host:port`."""
        return {name: slot.dial for name, slot in self.programs.items()}

    def slots(self) -> list[Slot]:
        """All slots, in the order of the settings."""
        control = self._control()
        known, log = with_starts(self.supervisord.host, control.programs()), control.main_log()
        host = self.supervisord.host
        return [place.seen(name, host, known, log) for name, place in self.programs.items()]

    def prepare(self, slot: str, look: Look) -> Standing | Unproven:
        """Start the slot where it is down, then look until it is healthy or `start_timeout_s` from its start is over.

        One that supervisord has given up is unproven at once.
        """
        try:
            self.start(slot)
        except CommandFailed as error:
            return Unproven(slot=self.slot(slot), reason=f"{error.what()}; {self._why_down(slot)}")
        return self._look_until_healthy(slot, look)

    def start(self, slot: str) -> None:
        """Start the slot's programs, in their order."""
        starting.start(self._control(), self._slot(slot).programs, self.stop_timeout_s)

    def lacking(self, slot: str) -> str:
        """A program that supervisord does not know, its executable, the folder of its release."""
        known = self.supervisord.configuration_text()
        return lacking(self._control(), self.supervisord.host, self._slot(slot), known)

    def stop(self, slot: str) -> None:
        """Stop the slot's programs. Raises Conflict, CommandFailed, Unreachable, UnknownSlot."""
        names = self._slot(slot).programs
        require_idle(self.route(), slot)
        starting.stop(self._control(), names, self.stop_timeout_s)

    @property
    def installs(self) -> bool:
        """Whether there are `releases`, and each slot has a link to one of them."""
        return self.releases is not None and all(slot.release_link for slot in self.programs.values())

    def install(self, slot: str, release: str, meanwhile: Callable[[], None] = nothing) -> None:  # noqa: ARG002 - it takes no time
        """The slot's programs down, its link to the release's folder, its programs up."""
        place, host = self._slot(slot), self.supervisord.host
        if place.version(host) == release:
            return
        require_idle(self.route(), slot)
        folder = installing.folder_of(host, self.releases, slot, release)
        installing.put_in(self._control(), host, place, folder, self.stop_timeout_s)

    def instances(self, slot: str) -> dict[str, str]:
        """Its programs, in their order."""
        found = starting.states(self._control(), self._slot(slot).programs)
        return {state.name: str(state.pid) if state.up and state.pid else DOWN for state in found}

    def restart_serving(self, slot: str, instances: Mapping[str, str]) -> None:
        """Each until supervisord calls it running."""
        for program in due(instances, self.instances(slot)):
            self._restart(program)

    def logs(self, slot: str, lines: int) -> Sequence[str]:
        """The last lines of its programs' logs, one program after the other; secrets are masked."""
        control, names = self._control(), self._slot(slot).programs
        return [line for name in names for line in control.tail(name, lines // len(names))]

    def usage(self, slot: str) -> Usage | None:
        """What the slot's programs and all in their process groups use; None where they are down."""
        found = starting.states(self._control(), self._slot(slot).programs)
        return usage_of(self.supervisord.host, [state.pid for state in found if state.pid])

    def configuration(self) -> dict[str, str]:
        """`platform.yaml`: the settings; supervisord's configuration; the environment file. Values are masked."""
        settings = yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)
        return {"platform.yaml": settings, **self._rendered().texts()}

    def align(self, slot: str, *, thorough: bool) -> Aligned:
        """The environment file; with `thorough` then the restarts, then the caches.

        No slot's program is restarted, where NotesHub's scripts restart all: the serving one was healthy a moment ago and
        is what users have, and the one it took over from is what traffic goes back to.
        """
        host, place = self.supervisord.host, self._slot(slot)
        aligning = Aligning(self._control(), host, self.start_timeout_s, self.stop_timeout_s)
        if self.environment_file:
            file = EnvironmentFile(host, self.environment_file)
            aligning.environment(file, slot, lambda: place.version(host))
        if thorough:
            aligning.restart(self.restart)
            aligning.clear(self.clear_caches)
        return Aligned(done=aligning.done, left=aligning.left)

    def examine(self) -> list[Checkup]:
        """What supervisord says of each program: those of the serving slot, and of no slot, must run."""
        serving = None
        with suppress(BackoutError):  # a router that cannot be asked is said by its own checkup
            serving = self.route().slot
        needed = [*self.restart, *(self.programs[serving].programs if serving else [])]
        return checkups(self._control(), self._all_programs(), needed)

    def mend(self, remedy: str) -> str:
        """`start PROGRAM` and `restart PROGRAM`; it is done when supervisord calls it running. Raises CommandFailed."""
        act, _, program = remedy.partition(" ")
        if act not in (START, RESTART) or program not in self._all_programs():
            return super().mend(remedy)
        self._restart(program)
        return f"{act}ed {program}"

    def _restart(self, program: str) -> None:
        starting.restart(
            self._control(), program,
            start_timeout_s=self.start_timeout_s, stop_timeout_s=self.stop_timeout_s,
        )  # fmt: skip

    def _slot(self, slot: str) -> SlotPrograms:
        if slot not in self.programs:
            raise UnknownSlot(slot=slot, known=list(self.programs))
        return self.programs[slot]

    def _all_programs(self) -> list[str]:
        return [*(name for slot in self.programs.values() for name in slot.programs), *self.restart]

    def _look_until_healthy(self, slot: str, look: Look) -> Standing | Unproven:
        seen = self.slot(slot)
        deadline, looks = time.monotonic() + self._time_left_s(seen), 0
        while True:
            findings = look(seen) if seen.running else []
            looks += 1
            if all_ok(findings):
                return Standing(slot=seen, findings=findings)
            late = looks >= LEAST_LOOKS and time.monotonic() > deadline
            if not seen.running and (late or not self._comes(slot)):
                return Unproven(slot=seen, reason=self._why_down(slot))
            if late:
                return Unproven(slot=seen, reason=summary(findings), findings=findings)
            time.sleep(LOOK_AGAIN_S)
            seen = self.slot(slot)

    def _time_left_s(self, seen: Slot) -> float:
        age = (datetime.now(UTC) - seen.since).total_seconds() if seen.since else 0.0
        return min(max(self.start_timeout_s - age, 0.0), self.start_timeout_s)

    def _comes(self, slot: str) -> bool:
        found = starting.states(self._control(), self._slot(slot).programs)
        return all(state.up or state.coming for state in found)

    def _why_down(self, slot: str) -> str:
        control = self._control()
        down = [state for state in starting.states(control, self._slot(slot).programs) if not state.up]
        return "; ".join(starting.with_last_lines(control, state) for state in down)

    def _control(self) -> Control:
        return MaskedControl(self.supervisord.control(), self._rendered())

    def _rendered(self) -> Rendered:
        return Rendered(self.supervisord, self.environment_file)
