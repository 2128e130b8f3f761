"""Who is at the keyboard."""

import os
import pwd
import socket


def person() -> str:
    """The login name of this process's user, as the kernel knows it; not what `USER` says."""
    uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def at_host() -> str:
    """`name@host`, for the journal."""
    return f"{person()}@{socket.gethostname()}"
