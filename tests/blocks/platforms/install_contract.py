"""What every platform must do that puts releases into idle slots, on the real thing. Beside the platform's own contract."""

import os
import signal
from datetime import timedelta

import pytest

from blocks.installable import installer
from blocks.platforms.contract import BlueGreen, Standing
from domain.errors import Conflict, UnknownSlot
from domain.release import Slot
from tests.blocks.platforms.contract import answering, look
from tests.forked import KILLED, exit_code

NEW = "3.0"


def install(platform: BlueGreen, slot: str, release: str = NEW) -> None:
    """As `deploy` does."""
    found = installer(platform)
    assert found is not None
    found.install(slot, release)


def same_start(one: Slot, other: Slot) -> bool:
    """Whether nothing was started in between; some platforms tell the time to the second."""
    if one.since is None or other.since is None:
        return one.since == other.since
    return abs(one.since - other.since) < timedelta(seconds=1)


class InstallContract:
    """Release 3.0 can be had, and is nowhere yet; otherwise as in `PlatformContract`."""

    def test_a_release_comes_into_the_idle_slot_and_stays_whoever_asks_again(
        self, platform: BlueGreen
    ) -> None:
        """Who installed it was killed right after."""

        def dies() -> None:
            install(platform, "green")
            os.kill(os.getpid(), signal.SIGKILL)

        serving, served = platform.slot("blue").version, platform.route().served
        assert exit_code(dies) == KILLED
        assert platform.slot("green").version == NEW
        ready = platform.prepare("green", look)
        assert isinstance(ready, Standing)
        assert (ready.slot.version, ready.slot.running) == (NEW, True)
        before = platform.slot("green")
        install(platform, "green")
        assert same_start(platform.slot("green"), before), "it is not started anew"
        assert (platform.slot("blue").version, platform.route().served) == (serving, served)
        assert answering(platform) == "blue"

    @pytest.mark.full_matrix
    def test_a_release_takes_the_place_of_one_that_runs(self, platform: BlueGreen) -> None:
        assert isinstance(platform.prepare("green", look), Standing)
        install(platform, "green")
        ready = platform.prepare("green", look)
        assert isinstance(ready, Standing)
        assert ready.slot.version == NEW

    def test_what_serves_is_never_written_over(self, platform: BlueGreen) -> None:
        before = platform.slot("blue")
        with pytest.raises(Conflict, match="slot blue is serving"):
            install(platform, "blue")
        assert platform.slot("blue") == before
        assert answering(platform) == "blue"

    def test_an_unknown_slot_takes_no_release(self, platform: BlueGreen) -> None:
        with pytest.raises(UnknownSlot):
            install(platform, "purple")
