"""Addresses that a secret may be sent to."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def safe(address: str) -> str:
    """The address: a token goes over TLS, or does not leave this machine. Raises ValueError."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("is not an https address")
    return address


def safe_secret(address: SecretStr) -> SecretStr:
    """The same for an address that is a secret itself."""
    safe(address.get_secret_value())
    return address


def site(address: str) -> str:
    """Its scheme, host and port: what may be shown of an address that is a secret."""
    parts = urlsplit(address)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}:{parts.port}" if parts.port else f"{parts.scheme}://{host}"


SafeAddress = Annotated[str, AfterValidator(safe)]
