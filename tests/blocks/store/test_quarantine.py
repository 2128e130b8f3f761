"""Lifting: release, record and journal together, or none of them."""

import pytest

from blocks.store import Store, journal
from blocks.store.quarantine import lift, lifts
from domain.errors import StoreUnavailable
from domain.quarantine import REDEPLOYMENT, Lift
from domain.release import Release
from domain.request import Request

APP = "shop/production"
YES = {row.key: True for row in REDEPLOYMENT}


@pytest.fixture
def incident(store: Store) -> str:
    begun = store.begin(Request(application=APP), "run")
    store.record(Release(application=APP, version="2.0"))
    store.quarantine(APP, "2.0", begun.incident.id)
    return begun.incident.id


def lifted(incident: str, release: str = "2.0") -> Lift:
    return Lift(
        application=APP, release=release, incident=incident, by="ann@host", answers=YES, note="mended"
    )


def held(store: Store) -> str | None:
    return store.releases(APP)[0].quarantined_by


def test_who_and_what_they_confirmed_is_on_record_twice(store: Store, incident: str) -> None:
    given = lifted(incident)
    assert lift(store, given)
    assert held(store) is None
    assert lifts(store, APP) == lifts(store) == [given]
    assert lifts(store, "other/production") == []
    last = store.entries(incident)[-1]
    assert (last.kind, last.data) == (
        "quarantine lifted",
        {"release": "2.0", "by": "ann@host", "answers": YES, "note": "mended"},
    )
    assert store.problems(incident) == []


def test_a_second_one_and_one_of_another_incident_change_nothing(store: Store, incident: str) -> None:
    assert not lift(store, lifted("another"))
    assert held(store) == incident
    assert lift(store, lifted(incident))
    assert not lift(store, lifted(incident))
    assert len(lifts(store)) == 1


def test_what_cannot_be_journaled_is_not_lifted(
    store: Store, incident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_given: object) -> None:
        raise StoreUnavailable(what_it_is="the store", address="here", why="on purpose")

    monkeypatch.setattr(journal, "append", away)
    with pytest.raises(StoreUnavailable):
        lift(store, lifted(incident))
    assert held(store) == incident
    assert lifts(store) == []


def test_one_whose_incident_the_store_does_not_have_is_lifted_too(store: Store) -> None:
    store.record(Release(application=APP, version="2.0"))
    store.quarantine(APP, "2.0", "of an older store")
    assert lift(store, lifted("of an older store"))
    assert [row.by for row in lifts(store)] == ["ann@host"]
