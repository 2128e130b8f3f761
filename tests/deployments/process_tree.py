"""A process, all that it started, and their end."""

import os
import signal
import subprocess
from pathlib import Path

from tests.deployments.served import is_alive


def end_now(pid: int) -> None:
    """Kill a process that may have ended with another one."""
    if is_alive(pid):
        os.kill(pid, signal.SIGKILL)


def below(pid: int) -> list[int]:
    """All processes that this one started, and they."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return []  # it ended in this moment
    children = [int(one) for one in listed.split()]
    return [one for child in children for one in (child, *below(child))]


def runs(pid: int) -> bool:
    """Whether it is there, and not merely waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def naming(folder: Path) -> list[str]:
    """The processes of this host that name a folder in their command line."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if str(folder) in line]
