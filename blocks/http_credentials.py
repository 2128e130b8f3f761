"""Tokens and passwords that signals send with their requests."""

from base64 import b64encode
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from blocks.http_request import HEADER_VALUE

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def _sendable(token: SecretStr) -> SecretStr:
    if not token.get_secret_value() or not HEADER_VALUE.fullmatch(token.get_secret_value()):
        raise ValueError("is empty, or has letters that a header cannot carry, such as a line break")
    return token


Token = Annotated[SecretStr, AfterValidator(_sendable)]
"""A secret that fits into a header."""


def is_private(url: str) -> bool:
    """Whether what is sent there is read by nobody else: by TLS, or because it stays on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in LOOPBACK


def bearer(token: SecretStr) -> dict[str, str]:
    """The header of a bearer token (RFC 6750)."""
    return {"authorization": f"Bearer {token.get_secret_value()}"}


def basic(username: str, password: SecretStr) -> dict[str, str]:
    """The header of basic authentication (RFC 7617)."""
    pair = f"{username}:{password.get_secret_value()}".encode()
    return {"authorization": f"Basic {b64encode(pair).decode()}"}
