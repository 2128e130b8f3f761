from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import UnknownRelease
from domain.release import Release, Slot, Survey, merged
from domain.request import Request
from domain.target import wanted

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TAGGED = Slot(name="v1.0.0", version="v1.0.0", also=["4f2a9c1", "phase-6"])


def release(version: str, hours_ago: int, **over: str | None) -> Release:
    at = NOON - timedelta(hours=hours_ago)
    return Release(
        application="shop/production", version=version, recorded_at=at, served_since=at
    ).model_copy(update=over)


@pytest.mark.parametrize("asked", ["v1.0.0", "4f2a9c1", "phase-6"])
def test_a_release_is_found_by_any_of_its_names(asked: str) -> None:
    seen = Survey(application="shop/production", slots=[TAGGED], serving=None)
    assert seen.holding(asked) == TAGGED
    wanted(Request(application="shop/production", to=asked), [TAGGED])


def test_a_name_of_no_release_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(UnknownRelease, match=r"phase-7.*v1\.0\.0"):
        wanted(Request(application="shop/production", to="phase-7"), [TAGGED])


def test_a_platforms_own_history_keeps_its_order_and_gets_our_quarantine() -> None:
    own = [release("2.0", 1), release("1.0", 9)]
    recorded = [release("2.0", 2, quarantined_by="incident-1", schema_version="7"), release("0.9", 20)]
    newest, before, only_recorded = merged(own, recorded)
    assert (newest.version, newest.quarantined_by, newest.schema_version) == ("2.0", "incident-1", "7")
    assert newest.served_since == own[0].served_since
    assert (before.version, only_recorded.version) == ("1.0", "0.9")


def test_what_was_recorded_and_never_seen_to_serve_did_not_serve() -> None:
    never = release("2.0", 1).model_copy(update={"served_since": None})
    assert [one.served_since for one in merged([release("2.0", 1)], [never])] == [None]
