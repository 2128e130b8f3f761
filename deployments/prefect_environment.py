"""The environment variables that point Prefect's clients, and its server, at what Backout starts."""

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.fernet import Fernet

from blocks.home import Home

HEARTBEAT_SECONDS = 30
"""The shortest that Prefect allows; a run that stays silent for three of them has crashed."""


def auth_file(home: Home) -> Path:
    """File that holds the server's one credential, `user:password`, mode 0600."""
    return home.keys / "prefect-auth"


def client_environment(home: Home, api_url: str) -> dict[str, str]:
    """Variables for a client of the server that Backout starts at this URL (`http://127.0.0.1:PORT/api`)."""
    return {
        "PREFECT_HOME": str(home.prefect),
        "PREFECT_API_URL": api_url,
        "PREFECT_UI_URL": api_url.removesuffix("/api"),
        "PREFECT_API_AUTH_STRING": _kept(auth_file(home), lambda: f"backout:{secrets.token_urlsafe(32)}"),
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "True",
        # Both come from the same installation: two requests a run that say so would only cost time.
        "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "False",
        **_everywhere(),
    }


def given_environment(home: Home, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables for a client of a server that somebody else runs: the caller's own, and Backout's where none is set."""
    variables = os.environ if environ is None else environ
    given = {name: value for name, value in variables.items() if name.startswith("PREFECT_")}
    return {"PREFECT_HOME": str(home.prefect), **_everywhere(), **given}


def server_environment(home: Home, port: int, database_url: str) -> dict[str, str]:
    """Variables for Prefect's server: closed where Prefect's defaults are open."""
    client = client_environment(home, f"http://127.0.0.1:{port}/api")
    return {
        **client,
        "PREFECT_API_DATABASE_CONNECTION_URL": database_url,
        "PREFECT_SERVER_API_AUTH_STRING": client["PREFECT_API_AUTH_STRING"],
        "PREFECT_SERVER_ENCRYPTION_KEY": _kept(
            home.keys / "prefect-encryption", lambda: Fernet.generate_key().decode()
        ),
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://127.0.0.1:{port},http://localhost:{port}",
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
        # A client with several requests under way loses some of them when its token is renewed (default: each hour).
        "PREFECT_SERVER_CSRF_TOKEN_EXPIRATION": "P7D",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # The default keeps leases in memory: a restart of the server would leave them taken for ever.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    }


def without_prefect(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of a process without its user's own Prefect settings."""
    return {name: value for name, value in environ.items() if not name.startswith("PREFECT_")}


def _everywhere() -> dict[str, str]:
    """Named and spelt as Prefect's worker passes them on: a child that sees no difference reads no settings again."""
    return {
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS),
        # Without this, a client whose server is away starts a server of its own, on SQLite.
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "False",
        "DO_NOT_TRACK": "1",
    }


def _kept(file: Path, make: Callable[[], str]) -> str:
    """The secret in the file, made the first time. Readers never see half of it."""
    if not file.exists():
        fresh = file.with_name(f".{file.name}.{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(make())
        try:
            os.link(fresh, file)
        except FileExistsError:
            pass  # another process was first: its secret counts
        finally:
            fresh.unlink()
    return file.read_text()
