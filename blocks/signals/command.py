"""`command`: the user's own script; exit code 0 is ok."""

import os
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, ClassVar, Literal

from pydantic import Field, SecretStr

from blocks.signals.contract import Place, Signal
from domain.findings import Finding

INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""What a script gets of our environment. The rest may hold secrets that are not for it."""

LONGEST_OUTPUT = 16 * 1024
LONGEST_LINE = 200
SHORTEST_SECRET = 4
"""A shorter one would make every line unreadable, and hides nothing."""


class Command(Signal):
    """Runs `argv` itself, not through a shell. Whatever it started ends with it."""

    brief: ClassVar[bool] = False
    kind: Literal["command"] = "command"
    argv: list[str] = Field(
        min_length=1, description="Program and arguments; `{url}` and `{slot}` are filled in."
    )
    timeout_s: float = Field(default=30.0, gt=0, le=3600, description="Seconds; then it is killed.")
    cwd: Path | None = Field(
        default=None, description="Folder it runs in; by default the one Backout runs in."
    )
    env: dict[str, SecretStr] = Field(
        default_factory=dict, description="Variable -> value, beside PATH, HOME and the like."
    )

    def observe(self, place: Place) -> Finding:
        """Look once, within `timeout_s`. A script that cannot be started measured nothing: no data."""
        if place.url is None and any("{url}" in part for part in self.argv):
            return self.no_data(place, f"{place.name} has no address")
        argv = [part.replace("{url}", place.url or "").replace("{slot}", place.name) for part in self.argv]
        started = time.monotonic()
        with tempfile.TemporaryFile() as output:
            try:
                code = self._run(argv, output)
            except OSError as error:
                return self.no_data(place, f"{argv[0]} cannot be started: {error.strerror}")
            last = self._masked(_last_line(output))
        return self._judged(place, code, last, time.monotonic() - started)

    def _run(self, argv: list[str], output: IO[bytes]) -> int | None:
        """Its exit code; None where the time was over. The output is a file: a pipe could keep us waiting."""
        process = subprocess.Popen(
            argv,
            cwd=self.cwd,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return process.wait(self.timeout_s)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with suppress(ProcessLookupError):  # its group is already empty
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _environment(self) -> dict[str, str]:
        ours = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return ours | {name: value.get_secret_value() for name, value in self.env.items()}

    def _masked(self, line: str) -> str:
        for value in (value.get_secret_value() for value in self.env.values()):
            if len(value) >= SHORTEST_SECRET:
                line = line.replace(value, "***")
        return line[:LONGEST_LINE]

    def _judged(self, place: Place, code: int | None, last: str, seconds: float) -> Finding:
        said = f": {last}" if last else ""
        if code is None:
            return self.bad(
                place, f"did not end within {self.timeout_s:g} s{said}", "timeout", value=seconds, unit="s"
            )
        if code != 0:
            ended = f"exit {code}" if code > 0 else f"killed by {signal.Signals(-code).name}"
            return self.bad(place, f"{ended}{said}", ended, value=seconds, unit="s")
        return self.ok(place, last or "exit 0", value=seconds, unit="s")


def _last_line(output: IO[bytes]) -> str:
    """The last line that is not empty, without control characters."""
    end = output.seek(0, os.SEEK_END)
    output.seek(max(0, end - LONGEST_OUTPUT))
    lines = output.read().decode(errors="replace").splitlines()
    printable = (
        "".join(letter if letter.isprintable() else " " for letter in line).strip()
        for line in reversed(lines)
    )
    return next((line for line in printable if line), "")
