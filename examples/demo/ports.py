"""Free ports for servers that start later, or start more than once."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 15_000


def free_ports(count: int) -> list[int]:
    """Ports on 127.0.0.1 that nobody listens on now.

    They lie below the range that the kernel hands out to outgoing connections: a slot that is stopped and started
    again must find its port free, and not taken by somebody's client.
    """
    above = min(int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 32_768, 49_152)
    candidates = random.sample(range(_LOWEST, above), k=min(count + 200, above - _LOWEST))
    free = [port for port in candidates if _is_free(port)]
    if len(free) < count:
        raise OSError(f"found {len(free)} free ports of {count} between {_LOWEST} and {above}")
    return free[:count]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
