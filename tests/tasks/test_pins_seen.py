"""What readiness says of releases that were to be held, and are gone."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from domain.checkup import Checkup
from domain.readiness import Check
from domain.release import Release, Slot, Survey
from tasks import readiness_target
from tasks.readiness_known import Known

SHOP = "shop/production"
NOW = datetime(2026, 11, 30, tzinfo=UTC)


class Holds:
    """A platform on which some releases are gone."""

    def __init__(self, gone: str) -> None:
        self._gone = gone

    def lost(self, release: Release) -> str:
        return "its image is gone" if release.version == self._gone else ""


class Seen:
    """2.0 serves from blue, and green holds 1.0; 0.9 is in no slot, and all served well."""

    application = SHOP

    def __init__(self, gone: str) -> None:
        slots = [Slot(name="blue", version="2.0"), Slot(name="green", version="1.0")]
        self.target = slots[1]
        self.survey = Survey(application=SHOP, at=NOW, slots=slots, serving="blue")
        self.releases = [
            Release(application=SHOP, version=version, served_since=day, good_since=day, good_until=day)
            for age, version in enumerate(("2.0", "1.0", "0.9"), start=1)
            for day in [NOW - timedelta(days=age)]
        ]
        self.situation = self.described = self.deploy = self
        self.platform, self.pinned = Holds(gone), 3


def looked(gone: str, monkeypatch: pytest.MonkeyPatch) -> Check:
    monkeypatch.setattr(readiness_target, "Pins", Holds)
    found: list[Checkup] = readiness_target.pins(cast("Known", cast("Any", Seen(gone))))
    return Check(name="pinned", checkups=found)


@pytest.mark.parametrize(("gone", "red"), [("2.0", True), ("1.0", True), ("0.9", False)])
def test_only_what_is_gone_back_to_or_in_a_slot_stands_in_the_way(
    gone: str, red: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = looked(gone, monkeypatch)
    assert (check.stands_in_the_way, f"{gone}: its image is gone" in check.said) == (red, True)


def test_what_is_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "2.0, 1.0, 0.9 can be had" in looked("", monkeypatch).said
