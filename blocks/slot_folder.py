"""What one slot of local processes keeps on disk: its release, which process runs it, its log, its lock."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_serializer

from blocks.files import locked, replace_file, tail
from blocks.process import Process, exit_code, is_alive
from domain.errors import Unreachable
from domain.errors.machines import unusable
from domain.names import Version

PRIVATE_FOLDER = 0o700


class SlotRelease(BaseModel):
    """The release in a slot. `env`: what it adds to the slot's own variables."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    version: Version
    env: dict[str, SecretStr] = Field(default_factory=dict)


class _KeptRelease(SlotRelease):
    """The same as it is on disk, where the values must be readable."""

    @field_serializer("env")
    def _in_clear(self, env: Mapping[str, SecretStr]) -> dict[str, str]:
        return {name: value.get_secret_value() for name, value in env.items()}


class Started(BaseModel):
    """One start of a slot's release.

    Attributes:
        restarts: how many starts came before it since the release was deployed.
        proven: whether it was seen healthy since; what never was may still be starting.
    """

    model_config = ConfigDict(frozen=True)

    process: Process
    restarts: int = 0
    proven: bool = False
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def alive(self) -> bool:
        """Whether exactly the process of this start still runs."""
        return is_alive(self.process)

    def said(self, *, alive: bool) -> str:
        """The process, and how it ended; one line."""
        if alive:
            return f"process {self.process.pid}"
        code = exit_code(self.process.pid)
        ended = "ended" if code is None else f"exited with code {code}"
        return f"process {self.process.pid} {ended}"

    def time_left_s(self, start_timeout_s: float) -> float:
        """Seconds it still has to become healthy: none where it was healthy already."""
        age = (datetime.now(UTC) - self.at).total_seconds()
        return 0.0 if self.proven else min(max(start_timeout_s - age, 0.0), start_timeout_s)


class SlotFolder:
    """The folder of one slot, mode 0700. Nothing is created before `locked()`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def log(self) -> Path:
        """Output of all processes that ever ran in the slot."""
        return self.path / "log"

    @property
    def mark(self) -> str:
        """`NAME=value` in the environment of this slot's processes, and of no others."""
        return f"BACKOUT_SLOT_FOLDER={self.path}"

    def release(self) -> SlotRelease | None:
        """The release that was deployed; None where none ever was. Raises Unreachable where it cannot be read."""
        text = self._read("release.json")
        return SlotRelease.model_validate_json(text) if text else None

    def keep_release(self, release: SlotRelease) -> None:
        """Put the release in, in one step, mode 0600; what was started before does not count for it. Raises OSError."""
        kept = _KeptRelease.model_validate(release.model_dump())
        replace_file(self.path / "release.json", kept.model_dump_json(indent=2).encode())
        (self.path / "started.json").unlink(missing_ok=True)

    def started(self) -> Started | None:
        """The last start; None where there was none. Raises Unreachable where it cannot be read."""
        text = self._read("started.json")
        return Started.model_validate_json(text) if text else None

    def keep_started(self, started: Started) -> None:
        """Remember a start. Raises OSError."""
        replace_file(self.path / "started.json", started.model_dump_json(indent=2).encode())

    def tail(self, lines: int) -> list[str]:
        """The last lines of the log, oldest first. Raises Unreachable where it cannot be read."""
        try:
            return tail(self.log, lines)
        except OSError as error:
            raise self._unreachable(error) from error

    @property
    def runs(self) -> bool:
        """Whether the process of the last start runs. Raises Unreachable where that cannot be read."""
        started = self.started()
        return started is not None and started.alive

    @contextmanager
    def locked(self, timeout_s: float) -> Iterator[None]:
        """One process at a time starts, stops or deploys here. Raises Unreachable where the folder cannot be used."""
        try:
            self.path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            with locked(self.path / "lock", timeout_s):
                yield
        except OSError as error:
            raise self._unreachable(error) from error

    def _read(self, name: str) -> bytes | None:
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: OSError) -> Unreachable:
        return unusable("slot's folder", str(self.path), error)
