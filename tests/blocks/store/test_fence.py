"""A run beside the store takes the lock from the runs with it."""

import pytest

from blocks.store import Store
from domain.errors import ConfigurationError, LostLock
from domain.incident import Incident
from domain.outcomes import Outcome
from tests.blocks.incidents import APPLICATION, release, request
from tests.blocks.ledger_contract import begun


def test_a_living_run_loses_the_lock(store: Store) -> None:
    first, hold = begun(store)
    store.record(release("1.0"))
    found = store.preempt(APPLICATION, "beside")
    assert found.incident is not None
    assert found.incident.id == first.incident.id
    assert [entry.kind for entry in found.entries] == ["opened", "taken over"]
    assert [one.version for one in found.releases] == ["1.0"]
    for act in (store.check, store.renew):
        with pytest.raises(LostLock):
            act(hold)
    assert store.begin(request(), "run-2").hold is None
    assert store.problems(first.incident.id) == []


def test_an_incident_of_this_host_holds_the_application(store: Store) -> None:
    assert store.preempt(APPLICATION, "beside").incident is None
    alone = Incident(id="alone", application=APPLICATION, request=request())
    store.occupy(alone, "beside")
    joined = store.begin(request(), "run-1")
    assert (joined.incident.id, joined.hold) == ("alone", None)
    store.finish(alone.model_copy(update={"outcome": Outcome.ROLLED_BACK}))
    assert store.holder(APPLICATION) is None


def test_it_says_how_the_mirrored_incident_ended(store: Store) -> None:
    first, hold = begun(store)
    store.close(hold, Outcome.HELD)
    found = store.preempt(APPLICATION, "beside", first.incident.id)
    assert found.mirrored is not None
    assert found.mirrored.outcome is Outcome.HELD


def test_another_key_writes_nothing(store: Store, store_url: str) -> None:
    store.check_key("journal", store.key)
    _, hold = begun(store)
    other = Store(store_url, b"another key")
    with pytest.raises(ConfigurationError, match="BACKOUT_KEY"):
        other.preempt(APPLICATION, "beside")
    other.rest()
    store.check(hold)
