"""The programs that break containers and pods: docker and kubectl, each call one argument list."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from domain.errors import CommandFailed

SECONDS = 60.0


def ran(argv: Sequence[str], given: bytes = b"") -> bytes:
    """What it printed; `given` is its standard input. Raises CommandFailed, also after a minute."""
    try:
        done = subprocess.run(argv, input=given, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandFailed(list(argv), None, str(error)) from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace")
        raise CommandFailed(list(argv), done.returncode, said)
    return done.stdout
