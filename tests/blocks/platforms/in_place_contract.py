"""What every in-place platform must do, on the real thing. A test class subclasses it and gives the fixtures below."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from blocks.platforms.contract import InPlace, Ready
from blocks.routers.contract import Route
from domain.errors import Conflict, UnknownPart, UnknownSlot
from domain.findings import Finding
from domain.release import Slot
from tests.blocks.waiting import wait_until

SECRET = "correct-horse-battery-staple"
NOWHERE = "no-such-release"


@dataclass(frozen=True)
class Releases:
    """The two releases of a suite, by their slots' names."""

    old: str
    new: str


def never_look(slot: Slot) -> list[Finding]:
    """There is nothing to look at before the release is in place."""
    raise AssertionError(f"{slot.name} was looked at, and is not in place")


class InPlaceContract:
    """The new release is in place when a test begins; the old one can be put in its place.

    Fixtures of the subclass: `platform`, as `backout.yaml` gives it, with `SECRET` among its secrets, and brought back to
    the new release before each test; `releases`; `answering()` says which release answers users.
    """

    def test_says_what_is_where(self, platform: InPlace, releases: Releases) -> None:
        new, old = platform.slot(releases.new), platform.slot(releases.old)
        assert (new.name, new.version, new.running) == (releases.new, releases.new, True)
        assert (old.name, old.version, old.running) == (releases.old, releases.old, False)
        names = [slot.name for slot in platform.slots()]
        assert {new.name, old.name} <= set(names)
        assert len(set(names)) == len(names)

    def test_says_that_it_has_no_standby(self, platform: InPlace) -> None:
        assert not platform.standby
        assert platform.whole

    def test_says_what_is_in_place(
        self, platform: InPlace, releases: Releases, answering: Callable[[], str]
    ) -> None:
        assert platform.route().slot == releases.new
        assert answering() == releases.new

    def test_looking_changes_nothing(self, platform: InPlace) -> None:
        def look() -> tuple[object, ...]:
            return platform.slots(), platform.route(), platform.parts(), platform.configuration()

        # A cluster may still be ending what it was told before; who changes something by looking does so each time.
        wait_until(lambda: look() == look(), "two looks that see the same")

    def test_an_unknown_slot_is_told_with_those_that_exist(
        self, platform: InPlace, releases: Releases
    ) -> None:
        for act in (
            platform.slot,
            lambda slot: platform.prepare(slot, never_look),
            lambda slot: platform.logs(slot, 1),
            lambda slot: platform.activate(slot, platform.route()),
        ):
            with pytest.raises(UnknownSlot, match=NOWHERE) as raised:
                act(NOWHERE)
            assert releases.old in raised.value.known
        assert platform.find(NOWHERE) is None

    def test_prepare_makes_ready_and_touches_nothing_that_serves(
        self, platform: InPlace, releases: Releases, answering: Callable[[], str]
    ) -> None:
        serving, route = platform.slot(releases.new), platform.route()
        ready = platform.prepare(releases.old, never_look)
        assert isinstance(ready, Ready)
        assert ready.slot.name == releases.old
        assert ready.said
        assert "\n" not in ready.said
        assert (platform.slot(releases.new), platform.route()) == (serving, route)
        assert answering() == releases.new

    def test_activate_is_a_no_op_where_the_release_is_in_place(
        self, platform: InPlace, releases: Releases
    ) -> None:
        before = (platform.route(), platform.slot(releases.new))
        assert not platform.activate(releases.new, platform.route()).changed
        assert (platform.route(), platform.slot(releases.new)) == before

    def test_a_route_that_is_no_longer_the_expected_one_is_a_conflict(
        self, platform: InPlace, releases: Releases
    ) -> None:
        platform.prepare(releases.old, never_look)
        before = (platform.route(), platform.slot(releases.new))
        with pytest.raises(Conflict):
            platform.activate(releases.old, Route(slot=NOWHERE, stamp="of another time"))
        assert (platform.route(), platform.slot(releases.new)) == before

    def test_activate_puts_the_release_in_place_and_back(
        self, platform: InPlace, releases: Releases, answering: Callable[[], str]
    ) -> None:
        platform.prepare(releases.old, never_look)
        receipt = platform.activate(releases.old, platform.route())
        assert (receipt.changed, receipt.before, receipt.after) == (True, releases.new, releases.old)
        assert receipt.cost
        assert platform.route().slot == answering() == releases.old
        assert platform.slot(releases.old).running
        assert not platform.slot(releases.new).running
        assert not platform.activate(releases.old, platform.route()).changed
        platform.prepare(releases.new, never_look)
        assert platform.activate(releases.new, platform.route()).changed
        assert platform.route().slot == answering() == releases.new

    def test_gives_the_last_log_lines_of_what_is_in_place(
        self, platform: InPlace, releases: Releases
    ) -> None:
        assert len(platform.logs(releases.new, 2)) <= 2
        assert list(platform.logs(releases.new, 0)) == []
        assert list(platform.logs(releases.old, 5)) == []

    def test_the_configuration_shows_no_secret(self, platform: InPlace, releases: Releases) -> None:
        texts = platform.configuration()
        assert texts
        assert SECRET not in str(texts)
        assert SECRET not in repr(platform)
        assert SECRET not in platform.model_dump_json()
        assert SECRET not in str(platform.logs(releases.new, 100))

    def test_each_part_is_a_platform_that_is_not_the_whole(self, platform: InPlace) -> None:
        for part in platform.parts():
            alone = platform.only(part.name)
            assert not alone.whole
            assert alone.route().slot == part.release
            served = [release.served_since for release in alone.history() or [] if release.served_since]
            assert served == sorted(served, reverse=True)

    def test_an_unknown_part_is_told_with_those_that_exist(self, platform: InPlace) -> None:
        with pytest.raises(UnknownPart, match=NOWHERE) as raised:
            platform.only(NOWHERE)
        assert list(raised.value.known) == [part.name for part in platform.parts()]
