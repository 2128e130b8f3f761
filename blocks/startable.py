"""What a platform promises that can tell, without starting it, whether a slot that is down could be started."""

import shutil
from abc import abstractmethod
from collections.abc import Mapping

from blocks.platforms.contract import BlueGreen
from blocks.program import Program


class Startable(BlueGreen):
    """A blue/green platform that knows what a slot is started from: one that is stopped is known to start again."""

    @abstractmethod
    def lacking(self, slot: str) -> str:
        """What the slot cannot be started without, and is not here: its program, its image. Empty where nothing is known to be.

        Changes nothing. Raises UnknownSlot, Unreachable.
        """


def lacks(program: Program) -> str:
    """What a program of this host cannot be started without; empty where it can be."""
    if not program.cwd.is_dir():
        return f"folder {program.cwd} is not there"
    name = program.command[0]
    found = shutil.which(name) if "/" not in name else shutil.which(str(program.cwd / name))
    return "" if found else f"program {name} is not there, or may not be run"


class FromPrograms(Startable):
    """For platforms whose slots are programs of this host: `programs` says which."""

    def lacking(self, slot: str) -> str:
        """By the slot's program and its folder."""
        programs: Mapping[str, Program] = vars(self).get("programs", {})
        return lacks(programs[slot]) if slot in programs else ""
