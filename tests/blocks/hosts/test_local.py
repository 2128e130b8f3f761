import pytest

from blocks.hosts import local
from blocks.hosts.local import Local
from domain.errors import LostLock
from tests.blocks.hosts.contract import HostContract


@pytest.fixture
def host() -> Local:
    return Local()


class TestLocal(HostContract):
    def test_a_command_gets_no_secret_of_backouts_own(
        self, host: Local, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SLACK_TOKEN", "xoxb-made-up")
        assert "SLACK_TOKEN" not in host.check(["env"])

    def test_a_command_gets_the_variables_it_is_given(self, host: Local) -> None:
        assert "COLOUR=green" in host.run(["env"], env={"COLOUR": "green"}).output.split()

    def test_what_is_seen_meanwhile_can_end_a_command(
        self, host: Local, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(local, "LOOK_S", 0.01)

        def lost() -> None:
            raise LostLock(application="shop/production", incident="one")

        with pytest.raises(LostLock):
            host.run(["sleep", "600"], timeout_s=600, meanwhile=lost)
