"""What nobody foresaw: a sentence for the person, the trace in a file for whoever mends it."""

import os
import sys
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from blocks.home import Home
from domain.errors import BackoutError

LONGEST = 300


@dataclass(eq=False)
class Unexpected(BackoutError):
    """An error that is none of ours: a defect, or a machine in a state nobody thought of.

    Attributes:
        kind: the exception's class.
        said: its first line.
        log: where the trace was written; None where nothing can be written.
    """

    kind: str
    said: str
    log: Path | None

    def what(self) -> str:
        return f"unexpected {self.kind}: {self.said}" if self.said else f"unexpected {self.kind}"

    def next_step(self) -> str:
        trace = (
            f"the trace is in {self.log}" if self.log else "no trace was kept: BACKOUT_HOME is not writable"
        )
        return f"{trace}; to go back now all the same: `backout rollback APP --break-glass`"


def noted(error: Exception) -> Unexpected:
    """The error as one of ours, its trace written to a file of mode 0600 in the home's logs."""
    lines = str(error).strip().splitlines() or [""]
    return Unexpected(type(error).__name__, lines[0][:LONGEST], _write_trace())


def _write_trace() -> Path | None:
    log = Home.from_env().logs / f"cli-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}.log"
    try:
        log.touch(mode=0o600)
        log.write_text(f"{' '.join(sys.argv[1:2])}\n{traceback.format_exc()}", encoding="utf-8")
    except OSError:
        return None
    return log
