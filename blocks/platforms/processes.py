"""Blue and green as processes of this machine, behind a router."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Literal

import yaml
from pydantic import ConfigDict, Field, SecretStr

from blocks import process, process_checkup
from blocks.fields import AbsolutePath, dial_of
from blocks.hosts.local import nothing
from blocks.identity import OfPrograms
from blocks.idle_slot import require_idle
from blocks.installable import Installable
from blocks.platforms.contract import Look, Standing, Unproven
from blocks.program import Program, SlotName, masked
from blocks.restartable import DOWN, Restartable, due
from blocks.slot_folder import SlotFolder, SlotRelease, Started
from blocks.startable import FromPrograms
from domain.checkup import Checkup
from domain.errors import CommandFailed, UnknownSlot, Unreachable
from domain.findings import all_ok, summary
from domain.release import Slot, Usage

INHERITED = ("PATH", "HOME", "LANG")
"""The only variables of Backout's own environment that a slot gets: the others may be Backout's secrets."""

LOOK_AGAIN_S = 0.25
LEAST_LOOKS = 2
REASON_LINES = 3


class Processes(FromPrograms, Restartable, Installable, OfPrograms):
    """Slots are processes with sessions of their own, which outlive Backout; the router decides who gets traffic.

    A release is a version and variables, put into an idle slot by `deploy` and kept in the slot's folder. Where none
    was ever deployed, the slot's `env` is the release, and its `APP_VERSION` the version.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    kind: Literal["processes"] = "processes"
    folder: AbsolutePath = Field(description="Holds a folder for each slot: release, process, log.")
    start_timeout_s: float = Field(
        default=30.0, gt=0, description="Seconds until a started slot must be healthy."
    )
    stop_timeout_s: float = Field(default=10.0, gt=0, description="Seconds from SIGTERM to SIGKILL.")
    programs: dict[SlotName, Program] = Field(
        alias="slots", min_length=2, description="Slot -> what runs in it."
    )

    def upstreams(self) -> Mapping[str, str]:
        """Slot -> `host:port` of its address."""
        return {name: dial_of(program.address) for name, program in self.programs.items()}

    def slots(self) -> list[Slot]:
        """All slots, in the order of the settings."""
        return [self.slot(name) for name in self.programs]

    def slot(self, name: str) -> Slot:
        """The slot as it is now, from its folder and /proc."""
        folder = self._folder(name)
        started = folder.started()
        alive = started is not None and started.alive
        return Slot(
            name=name,
            version=self._version(name),
            running=alive,
            address=self.programs[name].address,
            since=started.at if started and alive else None,
            restarts=started.restarts if started else 0,
            detail=started.said(alive=alive) if started else "never started",
        )

    def prepare(self, slot: str, look: Look) -> Standing | Unproven:
        """Start the slot where it is down, then look until it is healthy or `start_timeout_s` from its start is over.

        A slot that was healthy before is looked at twice at most.
        """
        try:
            self.start(slot)
        except CommandFailed as error:
            return Unproven(slot=self.slot(slot), reason=error.what())
        outcome = self._look_until_healthy(slot, look)
        if isinstance(outcome, Standing):
            self._keep_proven(slot)
        return outcome

    def deploy(self, slot: str, version: str, env: Mapping[str, str]) -> None:
        """Put a release into an idle slot and start it: stops what ran there, keeps the release, starts it.

        Raises:
            UnknownSlot: no such slot.
            Conflict: the slot serves; nothing was changed.
            Unreachable: the router cannot be asked, or the slot's folder not be used.
            CommandFailed: the old program does not end, or the new one cannot be run.
        """
        secrets = {name: SecretStr(value) for name, value in env.items()}
        release = SlotRelease(version=version, env=secrets)
        with self._turn(slot) as folder:
            self._stop_idle(slot, folder)
            folder.keep_release(release)
            self._start(slot, folder)

    def install(self, slot: str, release: str, meanwhile: Callable[[], None] = nothing) -> None:  # noqa: ARG002 - it takes no time
        """`deploy` with the slot's own variables; a release that is there stays, and is not started anew."""
        if self._version(slot) != release:
            self.deploy(slot, release, {})

    def start(self, slot: str) -> None:
        """Start the slot's release where it is down; what is left of an earlier start is ended first."""
        with self._turn(slot) as folder:
            if not folder.runs:
                self._start(slot, folder)

    def stop(self, slot: str) -> None:
        """End the slot's program and all it started. Raises Conflict, CommandFailed, Unreachable, UnknownSlot."""
        with self._turn(slot) as folder:
            self._stop_idle(slot, folder)

    def restart(self, slot: str) -> None:
        """`stop` and `start` in one turn. Raises as they do."""
        with self._turn(slot) as folder:
            self._stop_idle(slot, folder)
            self._start(slot, folder)

    def instances(self, slot: str) -> dict[str, str]:
        """Its process."""
        started = self._folder(slot).started()
        return {slot: f"{started.process.pid} {started.at}" if started and started.alive else DOWN}

    def restart_serving(self, slot: str, instances: Mapping[str, str]) -> None:
        """End it and start it again in one turn; there is only one, so users are without it meanwhile."""
        with self._turn(slot) as folder:
            if due(instances, self.instances(slot)):
                self._start(slot, folder)

    def logs(self, slot: str, lines: int) -> Sequence[str]:
        """The last lines of the slot's log; values of its variables are masked."""
        folder = self._folder(slot)
        return [masked(line, self._secrets(slot)) for line in folder.tail(lines)]

    def usage(self, slot: str) -> Usage | None:
        """What the slot's program and all it started use; None where it is down."""
        started = self._folder(slot).started()
        return process.usage(started.process) if started and started.alive else None

    def configuration(self) -> dict[str, str]:
        """`platform.yaml`: the settings; `SLOT/release.json`: what was deployed. The values of variables are masked."""
        texts = {"platform.yaml": yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)}
        for name in self.programs:
            release = self._folder(name).release()
            if release:
                texts[f"{name}/release.json"] = release.model_dump_json(indent=2)
        return texts

    def examine(self) -> list[Checkup]:
        """One line a slot: its process, its port, and the end of its log where it is down."""
        return process_checkup.examined(self)

    def mend(self, remedy: str) -> str:
        """`start SLOT` and `restart SLOT`; it is done when the slot takes connections. Raises CommandFailed, Conflict."""
        act, _, slot = remedy.partition(" ")
        known = {process_checkup.START: self.start, process_checkup.RESTART: self.restart}
        if act not in known or slot not in self.programs:
            return super().mend(remedy)
        known[act](slot)
        seen = self._look_until_healthy(slot, lambda found: [process_checkup.listens(found.address or "")])
        if isinstance(seen, Unproven):
            raise CommandFailed(self.programs[slot].command, exit_code_seen=None, output=seen.reason)
        return f"{act}ed {slot}: {seen.slot.detail}"

    def _folder(self, slot: str) -> SlotFolder:
        if slot not in self.programs:
            raise UnknownSlot(slot=slot, known=list(self.programs))
        return SlotFolder(self.folder / slot)

    @contextmanager
    def _turn(self, slot: str) -> Iterator[SlotFolder]:
        folder = self._folder(slot)
        # Who holds the lock may be stopping: SIGTERM, then SIGKILL.
        with folder.locked(2 * self.stop_timeout_s + self.start_timeout_s):
            yield folder

    def _start(self, slot: str, folder: SlotFolder) -> None:
        before = folder.started()
        process.stop(before.process if before else None, folder.mark, self.stop_timeout_s)
        program = self.programs[slot]
        started = process.start(program.command, cwd=program.cwd, env=self._env(slot, folder), log=folder.log)
        folder.keep_started(Started(process=started, restarts=before.restarts + 1 if before else 0))

    def _stop_idle(self, slot: str, folder: SlotFolder) -> None:
        require_idle(self.route(), slot)
        started = folder.started()
        process.stop(started.process if started else None, folder.mark, self.stop_timeout_s)

    def _env(self, slot: str, folder: SlotFolder) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        declared = {name: value.get_secret_value() for name, value in self._variables(slot).items()}
        mark, _, value = folder.mark.partition("=")
        own = {"SLOT": slot, mark: value}
        version = self._version(slot)
        return {**inherited, **declared, **own, **({"APP_VERSION": version} if version else {})}

    def _variables(self, slot: str) -> dict[str, SecretStr]:
        release = self._folder(slot).release()
        return {**self.programs[slot].env, **(release.env if release else {})}

    def _version(self, slot: str) -> str | None:
        release = self._folder(slot).release()
        if release:
            return release.version
        declared = self.programs[slot].env.get("APP_VERSION")
        return declared.get_secret_value() if declared else None

    def _secrets(self, slot: str) -> set[str]:
        # Which release it is, is no secret.
        known = {slot, self._version(slot)}
        return {value.get_secret_value() for value in self._variables(slot).values()} - known

    def _look_until_healthy(self, slot: str, look: Look) -> Standing | Unproven:
        started = self._folder(slot).started()
        time_left_s = started.time_left_s(self.start_timeout_s) if started else 0.0
        deadline, looks = time.monotonic() + time_left_s, 0
        while True:
            seen = self.slot(slot)
            findings = look(seen) if seen.running else []
            looks += 1
            if all_ok(findings):
                return Standing(slot=seen, findings=findings)
            if not seen.running:
                return Unproven(slot=seen, reason=self._why_down(seen))
            if looks >= LEAST_LOOKS and time.monotonic() > deadline:
                return Unproven(slot=seen, reason=summary(findings), findings=findings)
            time.sleep(LOOK_AGAIN_S)

    def _keep_proven(self, slot: str) -> None:
        # A disk that is full must not keep traffic from a slot that is healthy.
        with suppress(Unreachable), self._turn(slot) as folder:
            started = folder.started()
            if started and started.alive and not started.proven:
                folder.keep_started(started.model_copy(update={"proven": True}))

    def _why_down(self, slot: Slot) -> str:
        last = " | ".join(line.strip() for line in self.logs(slot.name, REASON_LINES))
        return f"{slot.detail}; its log ends: {last or '(empty)'}"
