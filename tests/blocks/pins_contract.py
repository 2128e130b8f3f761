"""What every platform must do that holds releases against the clean-up of its host, on the real thing."""

from collections.abc import Callable, Sequence

from blocks.pins import Pins
from domain.release import Release

SHOP = "shop/production"


class PinsContract:
    """`releases`: three as they were recorded, the newest first; nothing but Backout would hold the two older ones.

    `clean_up`: what the host does to itself, or any administrator.
    """

    def test_what_is_held_outlives_the_clean_up(
        self, platform: Pins, releases: Sequence[Release], clean_up: Callable[[], None]
    ) -> None:
        said = platform.pin(SHOP, releases)
        assert platform.pin(SHOP, releases) == said, "it may be repeated"
        assert [line.partition(":")[0] for line in said] == [release.version for release in releases]
        clean_up()
        assert [platform.lost(release) for release in releases] == ["", "", ""]

    def test_what_nobody_held_is_named(
        self, platform: Pins, releases: Sequence[Release], clean_up: Callable[[], None]
    ) -> None:
        clean_up()
        lost = {release.version: platform.lost(release) for release in releases}
        assert lost[releases[0].version] == ""
        assert "not" in lost[releases[1].version]
        said = platform.pin(SHOP, releases)
        assert f"{releases[1].version}: {lost[releases[1].version]}" in said

    def test_only_marks_are_removed(self, platform: Pins, releases: Sequence[Release]) -> None:
        platform.pin(SHOP, releases)
        platform.pin(SHOP, releases[:1])
        assert [platform.lost(release) for release in releases] == ["", "", ""]
