"""A real sshd of a test's own: port, keys and configuration in a folder, logins for the user that runs the tests."""

import getpass
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from blocks import process, ssh_connection
from blocks.hosts.ssh import Ssh
from examples.demo.ports import free_ports
from examples.demo.waiting import wait_until_listening
from tests.blocks.waiting import wait_until

MARK = "BACKOUT_TEST_SSHD"
PRIVSEP = Path("/run/sshd")
CONFIGURATION = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
SetEnv {mark}={folder}
Subsystem sftp internal-sftp
"""


class Sshd:
    """Keys: `host_key`, `key`, which may log in, `stranger`, which may not, `closed`, with the passphrase `open sesame`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        [self.port] = free_ports(1)
        for name, passphrase in [("host_key", ""), ("key", ""), ("stranger", ""), ("closed", "open sesame")]:
            self.make_key(name, passphrase)
        allowed = [(folder / f"{name}.pub").read_text() for name in ("key", "closed")]
        (folder / "authorized_keys").write_text("".join(allowed))
        self.know_host()

    def make_key(self, name: str, passphrase: str = "") -> None:
        """A new pair of keys, `NAME` and `NAME.pub`."""
        (self.folder / name).unlink(missing_ok=True)
        argv = [
            "ssh-keygen",
            "-q",
            "-t",
            "ed25519",
            "-N",
            passphrase,
            "-C",
            name,
            "-f",
            str(self.folder / name),
        ]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)

    def know_host(self) -> None:
        """Put its key into `known_hosts`, as somebody does who read the fingerprint there."""
        kind, key, _ = (self.folder / "host_key.pub").read_text().split()
        (self.folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")

    def start(self) -> None:
        """Serve, until somebody may log in."""
        program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin") or "sshd"
        if os.geteuid() == 0:
            PRIVSEP.mkdir(mode=0o755, exist_ok=True)
        file = self.folder / "sshd_config"
        file.write_text(CONFIGURATION.format(port=self.port, folder=self.folder, mark=MARK))
        environment = {"PATH": os.environ["PATH"], MARK: str(self.folder)}
        argv = [program, "-D", "-e", "-f", str(file)]
        self._process = process.start(argv, cwd=self.folder, env=environment, log=self.folder / "sshd.log")
        wait_until_listening(self.port, "sshd")

    def stop(self) -> None:
        """End it, and what runs in its sessions."""
        # sshd writes its title over its environment: the mark finds only what runs in sessions.
        process.stop(self._process, f"{MARK}={self.folder}", 10)

    def sessions(self) -> list[int]:
        """The processes that hold a connection each."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def cut(self) -> None:
        """End every connection, without a word."""
        cut = self.sessions()
        for pid in cut:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not set(cut) & set(self.sessions()), "the end of the connections")

    def freeze(self) -> list[int]:
        """Let every connection hang; returns what `thaw` wakes."""
        frozen = self.sessions()
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        return frozen

    def thaw(self, frozen: list[int]) -> None:
        """Let them go on."""
        for pid in frozen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def host(self, **changed: object) -> Ssh:
        """The host as `backout.yaml` gives it."""
        settings = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": getpass.getuser(),
            "key_file": self.folder / "key",
            "known_hosts": self.folder / "known_hosts",
        }
        return Ssh.model_validate({**settings, **changed})


def started(folder: Path) -> Sshd:
    """One that runs; skips the test where sshd is not installed."""
    if not shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin"):
        pytest.skip("sshd is not installed (Debian: openssh-server)")
    server = Sshd(folder)
    server.start()
    return server


def ended(server: Sshd) -> None:
    """Close our connections, then end it."""
    ssh_connection.close_all()
    server.stop()
