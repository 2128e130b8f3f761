"""Whether a host can be reached, without asking it for anything."""

import socket
import ssl
from urllib.parse import urlsplit

from blocks.deadline import within
from domain.errors import Unreachable

TOTAL_S = 9.5


def reach(address: str) -> None:
    """Connect to the host of an http(s) address, with TLS where it is https, and leave. Raises Unreachable."""
    try:
        within(TOTAL_S, lambda: connect(address), f"reach {address}")
    except (OSError, ValueError) as error:
        raise Unreachable("the service", address, type(error).__name__) from None


def connect(address: str) -> None:
    """The same with a limit for each operation alone. Raises OSError, ValueError."""
    found = urlsplit(address)
    port = found.port or (443 if found.scheme == "https" else 80)
    with socket.create_connection((found.hostname or "", port), timeout=TOTAL_S) as line:
        if found.scheme == "https":
            ssl.create_default_context().wrap_socket(line, server_hostname=found.hostname).close()
