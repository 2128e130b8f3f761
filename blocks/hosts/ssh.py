"""A machine that is reached by ssh."""

import secrets
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeVar

import paramiko
from pydantic import Field, SecretStr

from blocks.fields import AbsolutePath
from blocks.files import PRIVATE
from blocks.hosts.contract import SHORT_S, Host, Ran
from blocks.ssh_command import CHUNK, ENDED_BY_SIGNAL, GRACE_S, closed_after, ran
from blocks.ssh_connection import LOST, Account, Connection, connection, unreachable
from domain.checkup import Checkup, Remedy, well, wrong
from domain.errors import BackoutError, NotPermitted, Unreachable
from domain.errors.machines import unusable

Answer = TypeVar("Answer")

PORT = 22
LOCK_BUSY = 75
SSH_HOST = "ssh host"


class Ssh(Host):
    """Commands run as `user` there, whose login shell gets each as one line that `shlex.join` quoted.

    That is the only shell between Backout and a program: any shell of the POSIX family reads the line as it was meant.
    The machine needs coreutils (`timeout`, `env`) and util-linux (`flock`), as every Linux has them: a program is ended
    there after its time, also where the connection is lost.

    Files are read and changed by SFTP; the server must offer OpenSSH's `posix-rename`.
    """

    kind: Literal["ssh"] = "ssh"
    host: str = Field(pattern=r"^[A-Za-z0-9._:-]+$", description="The machine's name or address.")
    port: int = Field(default=PORT, ge=1, le=65535, description="Where its sshd listens.")
    user: str = Field(pattern=r"^[A-Za-z0-9._-]+$", description="Whom to log in as.")
    key_file: AbsolutePath | None = Field(
        default=None, description="The private key. Without it the agent at `SSH_AUTH_SOCK` is asked."
    )
    passphrase: SecretStr | None = Field(default=None, description="The key's passphrase, as a reference.")
    known_hosts: AbsolutePath = Field(
        description="Holds the machine's own key, as `ssh` keeps it; a machine that it does not know is refused."
    )
    timeout_s: float = Field(default=10.0, gt=0, description="Seconds to connect, and for each answer.")

    @property
    def named(self) -> str:
        """`deploy@web-1`."""
        return self._account.named

    def run(self, argv: Sequence[str], *, cwd: Path | None = None, timeout_s: float = SHORT_S) -> Ran:
        """As the contract says. Raises CommandFailed where its time is over, and Unreachable where the connection is."""
        with self._connection.channel() as channel:
            try:
                found = ran(channel, argv, cwd, timeout_s)
            except LOST as error:
                raise self._lost(argv, error) from error
        if found.exit_code == ENDED_BY_SIGNAL and self._connection.ended(within_s=0.5):
            raise self._lost(argv, EOFError())
        return found

    def read(self, path: Path) -> bytes | None:
        """By SFTP. Where the connection was lost, once more on a new one."""

        def content(files: paramiko.SFTPClient) -> bytes | None:
            with files.open(str(path), "rb") as file:
                file.prefetch()
                return file.read()

        return self._looked("file", path, content)

    def link_target(self, path: Path) -> str | None:
        """By SFTP, as `read`."""
        return self._looked("link", path, lambda files: files.readlink(str(path)))

    def replace(self, path: Path, content: bytes) -> None:
        """Written beside, on disk, then renamed over. A link stays a link: the file it leads to is replaced."""
        with self._changing("file", path) as files:
            target = Path(files.normalize(str(path)))
            half = _beside(target)
            try:
                with files.open(half, "wbx") as file:
                    file.chmod(PRIVATE)
                    _take_after(file, files, target)
                    file.write(content)
                self.check(["sync", "--", half], timeout_s=self.timeout_s)
                files.posix_rename(half, str(target))
            except BaseException:
                with suppress(*LOST):
                    files.remove(half)
                raise

    def link(self, path: Path, target: str) -> None:
        """A new link beside it, renamed over it."""
        with self._changing("link", path) as files:
            beside = _beside(path)
            try:
                files.symlink(target, beside)
                files.posix_rename(beside, str(path))
            except BaseException:
                with suppress(*LOST):
                    files.remove(beside)
                raise

    @contextmanager
    def locked(self, path: Path, timeout_s: float) -> Iterator[None]:
        """flock(1) holds it there, for as long as a `cat` waits for more of what we say: until we close, or are gone."""
        wait = [
            "flock",
            "--conflict-exit-code",
            str(LOCK_BUSY),
            "--timeout",
            f"{timeout_s:g}",
            str(path),
            "cat",
        ]
        with self._connection.channel() as channel, self._connection.kept():
            try:
                self._acquire(channel, wait, timeout_s + GRACE_S)
            except LOST as error:
                raise self._lost(wait, error) from error
            yield

    def examine(self) -> list[Checkup]:
        """Whether it can be logged in to."""
        try:
            self.check(["true"], timeout_s=self.timeout_s)
        except BackoutError as error:
            by_hand = Remedy(
                command=shlex.join(["ssh", "-p", str(self.port), f"{self.user}@{self.host}", "true"])
            )
            return [wrong(SSH_HOST, self.named, error.what(), by_hand, symptom=type(error).__name__)]
        return [well(SSH_HOST, self.named, "it lets us in")]

    def _acquire(self, channel: paramiko.Channel, wait: list[str], within_s: float) -> None:
        channel.set_combine_stderr(True)
        channel.settimeout(within_s)
        with closed_after(channel, GRACE_S):
            channel.exec_command(shlex.join(wait))
        channel.sendall(b"held\n")
        said = channel.recv(CHUNK)
        if said == b"held\n":
            return
        code = channel.recv_exit_status()
        why = (
            "it is locked by another process" if code == LOCK_BUSY else said.decode(errors="replace").strip()
        )
        kind = NotPermitted if "Permission denied" in why else Unreachable
        raise kind("lock", f"{wait[-2]} on {self.named}", why or "the connection was cut")

    @property
    def _account(self) -> Account:
        return Account(
            self.host, self.port, self.user, self.key_file, self.passphrase, self.known_hosts, self.timeout_s
        )

    @property
    def _connection(self) -> Connection:
        return connection(self._account)

    def _looked(self, what: str, path: Path, look: Callable[[paramiko.SFTPClient], Answer]) -> Answer | None:
        """Looking changes nothing, so it may be done twice; None where there is nothing of that name."""
        try:
            return self._look_again(look)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unusable(what, f"{path} on {self.named}", error) from error
        except LOST as error:
            raise unreachable(self._account, error) from error

    def _look_again(self, look: Callable[[paramiko.SFTPClient], Answer]) -> Answer:
        try:
            return look(self._connection.files())
        except LOST as error:
            self._connection.close_where_it_hangs(error)
            if self._connection.alive or not self._connection.renewable:
                raise
        return look(self._connection.files())

    @contextmanager
    def _changing(self, what: str, path: Path) -> Iterator[paramiko.SFTPClient]:
        files = self._connection.files()
        try:
            yield files
        except OSError as error:
            self._connection.close_where_it_hangs(error)
            raise unusable(what, f"{path} on {self.named}", error) from error
        except LOST as error:
            raise unreachable(self._account, error) from error

    def _lost(self, argv: Sequence[str], error: BaseException) -> Unreachable:
        said = str(error) or "the connection was cut"
        why = f"{said}, while `{shlex.join(argv)}` ran; how that ended is not known"
        return Unreachable(SSH_HOST, self.named, why)


def _beside(path: Path) -> str:
    return str(path.with_name(f".{path.name}.{secrets.token_hex(4)}"))


def _take_after(file: paramiko.SFTPFile, files: paramiko.SFTPClient, old: Path) -> None:
    """Give the new file the mode and owner of the old one."""
    try:
        found = files.stat(str(old))
    except FileNotFoundError:
        return
    file.chmod((found.st_mode or PRIVATE) & 0o7777)
    with suppress(PermissionError):
        file.chown(found.st_uid or 0, found.st_gid or 0)
