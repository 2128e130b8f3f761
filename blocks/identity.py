"""What a platform promises that can tell what a slot's release is made of: digests of its images, its commit."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from blocks.program import Program
from domain.release import Identity


class Identified(ABC):
    """A platform that knows what runs in a slot, beyond its version: two builds may carry the same one."""

    @abstractmethod
    def identity(self, slot: str) -> Identity:
        """As it is now; empty where nothing runs there, or nothing is known. Changes nothing. Raises UnknownSlot, Unreachable."""


def identity_of(platform: object, slot: str) -> Identity:
    """What the platform can tell; empty where it is none that can. Raises as `Identified.identity`."""
    return platform.identity(slot) if isinstance(platform, Identified) else Identity()


class OfPrograms(Identified):
    """For platforms whose slots are programs of this host: `programs` says which."""

    def identity(self, slot: str) -> Identity:
        """One digest of what the program is started from: its command, its folder, the files that the command names."""
        programs: Mapping[str, Program] = vars(self).get("programs", {})
        return Identity(images={slot: _digest(programs[slot])} if slot in programs else {})


def _digest(program: Program) -> str:
    files = {word: _hash(program.cwd / word) for word in program.command if (program.cwd / word).is_file()}
    said = {
        "command": program.command,
        "cwd": str(program.cwd),
        "files": files,
        "variables": sorted(program.env),
    }
    return f"sha256:{hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()}"


def _hash(file: Path) -> str:
    """Empty where it may not be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return ""
