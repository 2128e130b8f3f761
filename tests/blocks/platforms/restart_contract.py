"""What every platform must do that restarts what serves, on the real thing. Beside the platform's own contract."""

import pytest

from blocks.platforms.contract import Platform
from blocks.restartable import DOWN, Restartable
from domain.errors import UnknownSlot


class RestartContract:
    """`platform` serves when a test begins, as in the other contracts."""

    def test_a_restart_changes_each_instance_once_and_neither_release_nor_route(
        self, platform: Platform
    ) -> None:
        assert isinstance(platform, Restartable)
        slot, route = platform.route().slot or "", platform.route().slot
        release, before = platform.slot(slot).version, platform.instances(slot)
        assert before
        assert DOWN not in before.values()
        assert platform.instances(slot) == before, "looking changes nothing"
        platform.restart_serving(slot, before)
        after = platform.instances(slot)
        assert after.keys() == before.keys()
        assert [name for name in before if after[name] in (before[name], DOWN)] == []
        assert (platform.route().slot, platform.slot(slot).version) == (route, release)
        assert platform.slot(slot).running
        platform.restart_serving(slot, before)
        assert platform.instances(slot) == after, "what was started since is left alone"

    def test_instances_of_an_unknown_slot_are_told_with_the_slots_that_exist(
        self, platform: Platform
    ) -> None:
        assert isinstance(platform, Restartable)
        for act in (platform.instances, lambda slot: platform.restart_serving(slot, {})):
            with pytest.raises(UnknownSlot):
                act("purple")
