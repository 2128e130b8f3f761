"""Connections to machines by ssh: one an account and process, kept, and made anew where it was lost.

https://docs.paramiko.org describes the library.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import paramiko
from pydantic import SecretStr

from blocks.ssh_command import closed_after
from domain.errors import NotPermitted, Unreachable, UntrustedHost

Answer = TypeVar("Answer")

LOST = (paramiko.SSHException, EOFError, OSError)
"""What paramiko raises where a connection or a channel of it is gone, or does not come."""

ALIVE_S = 15
"""Seconds after which a silent connection is asked for a sign of life."""

# What went wrong is told by our own errors; paramiko would print whole tracebacks where no log is set up.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Account:
    """Whom to connect as, and how it is made sure that it is the right machine."""

    host: str
    port: int
    user: str
    key_file: Path | None
    passphrase: SecretStr | None
    known_hosts: Path
    timeout_s: float

    @property
    def named(self) -> str:
        """`deploy@web-1`, with the port where it is not 22."""
        return f"{self.user}@{self.host}" + ("" if self.port == paramiko.config.SSH_PORT else f":{self.port}")


class _Refuse(paramiko.MissingHostKeyPolicy):
    """A machine that is not known is never added to those that are."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def missing_host_key(self, _client: paramiko.SSHClient, _hostname: str, key: paramiko.PKey) -> None:
        raise _untrusted(self._account, key, f"{self._account.known_hosts} does not know it")


class Connection:
    """One connection; opened at the first use. May be used by several threads."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._lock = threading.RLock()
        self._client: paramiko.SSHClient | None = None
        self._files: paramiko.SFTPClient | None = None
        self._held = 0

    def channel(self) -> paramiko.Channel:
        """A new session on it; a connection that was lost unnoticed is made anew. Raises as `open` does."""
        return self._opened(lambda transport: transport.open_session(timeout=self.account.timeout_s))

    def files(self) -> paramiko.SFTPClient:
        """Its SFTP session. Raises as `open` does."""
        with self._lock:
            if self._files is None or not self.alive:
                self._files = self._opened(self._new_files)
            return self._files

    @property
    def alive(self) -> bool:
        """Whether nothing is known of its end."""
        transport = self._client.get_transport() if self._client else None
        return transport is not None and transport.is_active()

    @property
    def renewable(self) -> bool:
        """Whether it may be made anew: not while it holds a lock, which went with it."""
        return self._held == 0

    def ended(self, within_s: float) -> bool:
        """Whether it is lost, or will be within that time."""
        transport = self._client.get_transport() if self._client else None
        if transport is not None and transport.is_active():
            transport.join(within_s)
        return not self.alive

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Inside, a connection that is lost stays lost."""
        with self._lock:
            self._held += 1
        try:
            yield
        finally:
            with self._lock:
                self._held -= 1

    def close_where_it_hangs(self, error: BaseException) -> None:
        """End it after a time that was over: whoever waits for an answer would wait again."""
        if isinstance(error, TimeoutError):
            self.close()

    def close(self) -> None:
        """End it; the next use opens a new one."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = self._files = None

    def _opened(self, start: Callable[[paramiko.Transport], Answer]) -> Answer:
        with self._lock:
            fresh = not self.alive
            try:
                return start(self._transport())
            except LOST as error:
                if fresh or not self.renewable:
                    raise unreachable(self.account, error) from error
            self.close()
            try:
                return start(self._transport())
            except LOST as error:
                raise unreachable(self.account, error) from error

    def _new_files(self, transport: paramiko.Transport) -> paramiko.SFTPClient:
        channel = transport.open_session(timeout=self.account.timeout_s)
        channel.settimeout(self.account.timeout_s)
        with closed_after(channel, self.account.timeout_s):
            channel.invoke_subsystem("sftp")
        return paramiko.SFTPClient(channel)

    def _transport(self) -> paramiko.Transport:
        if not self.alive:
            if not self.renewable:
                raise Unreachable(
                    "ssh host", self.account.named, "the connection was cut, and the lock went with it"
                )
            self.close()
            self._client = _connected(self.account)
        transport = self._client.get_transport() if self._client else None
        if transport is None:
            raise EOFError("closed in the same moment")
        return transport


_connections: dict[tuple[int, Account], Connection] = {}
_adding = threading.Lock()


def connection(account: Account) -> Connection:
    """This process's connection of the account. One that a process was forked with belongs to the parent."""
    with _adding:
        return _connections.setdefault((os.getpid(), account), Connection(account))


def close_all() -> None:
    """End every connection of this process."""
    for (pid, _), opened in list(_connections.items()):
        if pid == os.getpid():
            opened.close()


def unreachable(account: Account, error: BaseException) -> Unreachable:
    """What paramiko or the system said, as our error."""
    return Unreachable("ssh host", account.named, str(error) or type(error).__name__)


def _connected(account: Account) -> paramiko.SSHClient:
    """Raises UntrustedHost, NotPermitted, Unreachable."""
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(_Refuse(account))
    try:
        with suppress(FileNotFoundError):  # nothing is known, then; the policy says so
            client.load_host_keys(str(account.known_hosts))
        _log_in(client, account)
    except paramiko.BadHostKeyException as error:
        client.close()
        raise _untrusted(account, error.key, f"{account.known_hosts} has another key for it") from error
    except paramiko.AuthenticationException as error:
        client.close()
        raise NotPermitted("ssh host", account.named, _refused(account, error)) from error
    except LOST as error:
        client.close()
        raise unreachable(account, error) from error
    except BaseException:
        client.close()
        raise
    transport = client.get_transport()
    if transport is not None:
        transport.set_keepalive(ALIVE_S)
    return client


def _log_in(client: paramiko.SSHClient, account: Account) -> None:
    key = account.key_file
    if key and not os.access(key, os.R_OK):
        raise NotPermitted("key file", str(key), "it is missing, or not readable by this user")
    client.connect(
        account.host,
        account.port,
        account.user,
        key_filename=str(key) if key else None,
        passphrase=account.passphrase.get_secret_value() if account.passphrase else None,
        allow_agent=key is None,
        look_for_keys=False,
        timeout=account.timeout_s,
        banner_timeout=account.timeout_s,
        auth_timeout=account.timeout_s,
        channel_timeout=account.timeout_s,
    )


def _refused(account: Account, error: paramiko.AuthenticationException) -> str:
    if isinstance(error, paramiko.PasswordRequiredException):
        return f"the key {account.key_file} has a passphrase; give it as `passphrase`"
    offered = (
        f"the key {account.key_file}" if account.key_file else "every key of the ssh agent (SSH_AUTH_SOCK)"
    )
    return f"it refuses {offered}; see that user's ~/.ssh/authorized_keys there"


def _untrusted(account: Account, key: paramiko.PKey, why: str) -> UntrustedHost:
    said = f"it shows the key {key.get_name()} {key.fingerprint}, and {why}"
    return UntrustedHost("ssh host", account.named, said, known_hosts=str(account.known_hosts))
