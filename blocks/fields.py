"""Types of settings that several adapters share; each refuses what would fail later, with the reason."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints

DEFAULT_PORTS = {"http": 80, "https": 443}
UNIX = "unix/"


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be http://HOST[:PORT] or https://HOST[:PORT]")
    if parts.username or parts.password:
        raise ValueError("must not hold a user or password")
    return text.rstrip("/")


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("must be an absolute path: runs do not all start in the same folder")
    return path


def _admin(text: str) -> str:
    if text.startswith(UNIX):
        _absolute(Path(text.removeprefix(UNIX)))
        return text
    parts = urlsplit(f"//{text}")
    if not parts.port or not (parts.hostname == "localhost" or _is_loopback(parts.hostname or "")):
        raise ValueError("must be unix//PATH/OF/SOCKET, or HOST:PORT with a loopback host")
    return text


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


BaseUrl = Annotated[str, AfterValidator(_base_url)]
"""An http(s) URL without query and closing slash."""

AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
"""A path that means the same wherever a run starts."""

AdminAddress = Annotated[str, AfterValidator(_admin)]
"""Where a Caddy is administered, in Caddy's own words: `unix//run/caddy/admin.sock` or `127.0.0.1:2019`."""

ContainerName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
"""A container's name: it can never be taken for an option."""


def dial_of(url: str) -> str:
    """What a router dials for this URL: `host:port`, with the scheme's port where the URL has none."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{host}:{parts.port or DEFAULT_PORTS[parts.scheme]}"
