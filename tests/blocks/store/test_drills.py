"""Drills in the store: one at a time an application, and what has ended stays so."""

from datetime import UTC, datetime, timedelta

from blocks.store import Store, drills
from domain.drill import Drill

NOW = datetime.now(UTC)


def drill(name: str, application: str = "shop/staging") -> Drill:
    until = NOW + timedelta(minutes=10)
    return Drill(id=name, application=application, run=f"run of {name}", fault="errors", until=until)


def test_one_at_a_time_an_application(store: Store) -> None:
    first, other = drill("first"), drill("other", "shop/test")
    assert drills.begin(store.database, first)
    assert not drills.begin(store.database, drill("second"))
    assert drills.begin(store.database, other)
    assert [one.id for one in drills.open_ones(store.database)] == ["first", "other"]


def test_one_that_was_cleaned_up_is_not_opened_again(store: Store) -> None:
    begun = drill("first")
    drills.begin(store.database, begun)
    assert drills.keep(store.database, begun.model_copy(update={"step": "inject"}))
    over = begun.model_copy(update={"ended_at": NOW, "problems": ["killed"]})
    assert drills.keep(store.database, over)
    assert not drills.keep(store.database, begun.model_copy(update={"step": "restore"}))
    assert drills.open_ones(store.database) == []
    assert drills.past(store.database, begun.application) == [over]
