import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from blocks.hosts.ssh import Ssh
from domain.errors import NotPermitted, Unreachable, UntrustedHost
from tests.blocks.hosts.contract import HostContract
from tests.blocks.hosts.sshd import Sshd, ended, started
from tests.blocks.waiting import wait_until


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    server = started(tmp_path_factory.mktemp("ssh") / "sshd")
    yield server
    ended(server)


@pytest.fixture
def host(sshd: Sshd) -> Ssh:
    return sshd.host()


class TestSsh(HostContract):
    def test_uses_one_connection_for_all(self, host: Ssh, sshd: Sshd, tmp_path: Path) -> None:
        host.check(["true"])
        before = sshd.sessions()
        host.replace(tmp_path / "file", b"text")
        assert sshd.host().read(tmp_path / "file") == b"text"
        assert sshd.sessions() == before

    def test_a_connection_that_was_cut_while_idle_is_made_anew(
        self, host: Ssh, sshd: Sshd, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("text")
        assert host.read(tmp_path / "file") == b"text"
        sshd.cut()
        assert host.read(tmp_path / "file") == b"text"
        sshd.cut()
        assert host.check(["echo", "back"]) == "back\n"

    def test_a_command_whose_connection_is_cut_is_not_run_again(
        self, host: Ssh, sshd: Sshd, tmp_path: Path
    ) -> None:
        begun = tmp_path / "begun"

        def cut() -> None:
            wait_until(begun.exists, "the command")
            sshd.cut()

        cutting = threading.Thread(target=cut)
        cutting.start()
        with pytest.raises(Unreachable, match="how that ended is not known"):
            host.run(["sh", "-c", f"echo run >> {begun}; sleep 300"], timeout_s=60)
        cutting.join()
        assert begun.read_text() == "run\n"

    def test_a_lock_that_is_lost_with_the_connection_lets_nothing_be_changed(
        self, host: Ssh, sshd: Sshd, tmp_path: Path
    ) -> None:
        link = tmp_path / "link"
        host.link(link, "blue")
        with host.locked(tmp_path / ".lock", 5):
            sshd.cut()
            for _ in range(2):
                with pytest.raises(Unreachable):
                    host.link(link, "green")
            with pytest.raises(Unreachable):
                host.replace(tmp_path / "file", b"text")
        assert str(link.readlink()) == "blue"
        host.link(link, "green")
        assert str(link.readlink()) == "green"

    @pytest.mark.parametrize("act", ["run", "read", "link"])
    def test_a_connection_that_hangs_is_given_up(self, sshd: Sshd, tmp_path: Path, act: str) -> None:
        host = sshd.host(timeout_s=2)
        (tmp_path / "file").write_text("text")
        host.read(tmp_path / "file")
        frozen = sshd.freeze()
        try:
            if act == "run":
                assert host.check(["echo", "anew"]) == "anew\n"
            elif act == "read":
                assert host.read(tmp_path / "file") == b"text"
            else:
                with pytest.raises(Unreachable):
                    host.link(tmp_path / "link", "blue")
                host.link(tmp_path / "link", "blue")
        finally:
            sshd.thaw(frozen)

    def test_a_machine_that_is_not_known_is_refused_and_not_added(self, sshd: Sshd, tmp_path: Path) -> None:
        known = tmp_path / "known_hosts"
        with pytest.raises(UntrustedHost, match=r"SHA256:.*does not know it") as refused:
            sshd.host(known_hosts=known).check(["true"])
        assert "ssh-keyscan" in refused.value.next_step()
        assert not known.exists()

    def test_a_machine_with_another_key_than_the_known_one_is_refused(
        self, sshd: Sshd, tmp_path: Path
    ) -> None:
        kind, key, _ = (sshd.folder / "stranger.pub").read_text().split()
        known = tmp_path / "known_hosts"
        known.write_text(f"[127.0.0.1]:{sshd.port} {kind} {key}\n")
        with pytest.raises(UntrustedHost, match="has another key for it"):
            sshd.host(known_hosts=known).check(["true"])

    def test_a_key_that_may_not_log_in_is_told(self, sshd: Sshd) -> None:
        with pytest.raises(NotPermitted, match=r"refuses the key .*stranger"):
            sshd.host(key_file=sshd.folder / "stranger").check(["true"])

    def test_a_key_that_is_missing_is_told(self, sshd: Sshd, tmp_path: Path) -> None:
        with pytest.raises(NotPermitted, match="nowhere"):
            sshd.host(key_file=tmp_path / "nowhere").check(["true"])

    def test_without_key_and_agent_nobody_gets_in(self, sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
        with pytest.raises(Unreachable):
            sshd.host(key_file=None).check(["true"])

    def test_a_key_with_a_passphrase_needs_it(self, sshd: Sshd) -> None:
        closed = sshd.folder / "closed"
        with pytest.raises(NotPermitted, match="give it as `passphrase`"):
            sshd.host(key_file=closed).check(["true"])
        opened = sshd.host(key_file=closed, passphrase=SecretStr("open sesame"))
        assert opened.check(["echo", "in"]) == "in\n"
        assert "sesame" not in repr(opened) + opened.model_dump_json()

    def test_doctor_sees_whether_it_lets_us_in(self, host: Ssh) -> None:
        assert [found.bad for found in host.examine()] == [False]
        [refused] = host.model_copy(update={"port": 1}).examine()
        assert refused.bad
        assert refused.remedies[0].command == f"ssh -p 1 {host.user}@127.0.0.1 true"

    def test_a_machine_that_is_down_is_unreachable(self, sshd: Sshd) -> None:
        with pytest.raises(Unreachable, match="ssh host"):
            sshd.host(port=1).check(["true"])


@pytest.mark.parametrize(
    "wrong",
    [{"known_hosts": None}, {"host": "-oProxyCommand=id"}, {"user": "a b"}, {"port": 0}, {"password": "x"}],
)
def test_settings_that_cannot_be_used_are_refused(wrong: dict[str, object]) -> None:
    settings = {"host": "web-1", "user": "deploy", "known_hosts": "/etc/ssh/ssh_known_hosts", **wrong}
    with pytest.raises(ValidationError):
        Ssh.model_validate(settings)
