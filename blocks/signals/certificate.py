"""`certificate`: whether the certificate that clients are shown is trusted, names the host, and for how long."""

import socket
import ssl
import time
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import httpx
from pydantic import Field, StringConstraints, model_validator

from blocks.deadline import within
from blocks.fields import AbsolutePath
from blocks.signals.contract import Place, Signal
from domain.findings import Finding

HTTPS_PORT = 443
DAY_S = 86_400

NO_CONNECTION = (
    (socket.gaierror, ("unknown host", "the host's name is not known")),
    (UnicodeError, ("unknown host", "the host's name is not known")),
    (ConnectionRefusedError, ("refused", "the connection was refused")),
    (ConnectionError, ("closed", "the connection was closed before the handshake was over")),
)
"""What is said of an error, the narrower kind first."""

HostAndPort = Annotated[str, StringConstraints(pattern=r"^\S+:\d{1,5}$")]


class Certificate(Signal):
    """A TLS handshake, as a client makes it. Days left are the finding's value.

    Fewer than `warn_days` are said, and stay ok: a rollback is no answer to them. Fewer than `bad_days`, one that has
    expired, is not trusted or names another host are bad.
    """

    kind: Literal["certificate"] = "certificate"
    host: str | None = Field(
        default=None, min_length=1, description="The name it must be for; by default the place's own."
    )
    port: int | None = Field(default=None, ge=1, le=65535, description="By default the place's own, or 443.")
    connect: HostAndPort | None = Field(
        default=None, description="`HOST:PORT` to connect to instead, past the name service."
    )
    ca_file: AbsolutePath | None = Field(
        default=None,
        description="PEM file of authorities to trust; by default `SSL_CERT_FILE`, or certifi's.",
    )
    warn_days: float = Field(default=21, ge=0, description="Days left below which it is said.")
    bad_days: float = Field(default=0, ge=0, description="Days left below which it is bad.")
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="Seconds for all of it.")

    @model_validator(mode="after")
    def _warns_first(self) -> Self:
        if self.bad_days > self.warn_days:
            raise ValueError("bad_days must not be above warn_days")
        return self

    def observe(self, place: Place) -> Finding:
        """One handshake, within `timeout_s`."""
        parts = urlsplit(place.url or "")
        host = self.host or (parts.hostname if parts.scheme == "https" else None)
        if host is None:
            return self.no_data(place, f"{place.name} has no https address, and no host is given")
        own = parts.port if host == parts.hostname and parts.scheme == "https" else None
        port = self.port or own or HTTPS_PORT
        try:
            context = _trusting(self.ca_file)
        except OSError as error:  # ssl's own errors are OSErrors, too
            why = error.strerror or "it is no PEM file"
            return self.no_data(place, f"{self.ca_file} cannot be used: {why}")
        try:
            ends = within(
                self.timeout_s, lambda: _ends(context, host, port, self.connect, self.timeout_s), "handshake"
            )
        except (OSError, UnicodeError) as error:
            symptom, said = _why(error, self.timeout_s)
            return self.bad(place, f"{host}:{port}: {said}", symptom)
        return self._judged(place, host, ends)

    def _judged(self, place: Place, host: str, ends: str) -> Finding:
        days = (ssl.cert_time_to_seconds(ends) - time.time()) / DAY_S
        said = f"the certificate of {host} is trusted, and valid for {days:.0f} days, until {ends}"
        if days < self.bad_days:
            return self.bad(place, said, "certificate expires", value=days, unit="days")
        if days < self.warn_days:
            said = f"{said}: renew it, fewer than {self.warn_days:g} are left"
        return self.ok(place, said, value=days, unit="days")


def _ends(context: ssl.SSLContext, host: str, port: int, connect: str | None, timeout_s: float) -> str:
    """Until when the certificate that is shown is valid, in OpenSSL's words. Raises OSError, UnicodeError."""
    to_host, _, to_port = (connect or f"{host}:{port}").rpartition(":")
    with (
        socket.create_connection((to_host.strip("[]"), int(to_port)), timeout=timeout_s) as line,
        context.wrap_socket(line, server_hostname=host) as secured,
    ):
        shown = secured.getpeercert() or {}
    return str(shown["notAfter"])


def _why(error: OSError | UnicodeError, timeout_s: float) -> tuple[str, str]:
    """Symptom, and the same for a person."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message.partition(",")[0].rstrip(".")
        return f"tls {reason.lower()}", f"the certificate is not good: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        reason = (error.reason or type(error).__name__).replace("_", " ").lower()
        return f"tls {reason}", f"TLS failed: {reason}"
    if isinstance(error, TimeoutError):
        return "timeout", f"no handshake within {timeout_s:g} s"
    said = next((words for kind, words in NO_CONNECTION if isinstance(error, kind)), None)
    return said or ("unreachable", f"the host cannot be reached ({type(error).__name__})")


def _trusting(authorities: Path | None) -> ssl.SSLContext:
    """Who is trusted: the file's authorities, else those of the other signals. Raises OSError."""
    if authorities is None:
        return httpx.create_ssl_context()
    return ssl.create_default_context(cafile=str(authorities))
