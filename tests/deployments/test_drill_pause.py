"""A drill starts no pause, and is none of the day's starts: what breaks in earnest after it is taken back."""

import pytest

from blocks.installation import Installation
from blocks.store import alerts
from domain.outcomes import Outcome
from domain.reaction import OPENING_S
from domain.request import Request
from tests.deployments.alerting import here, passed, prefect, results, store
from tests.deployments.test_firing import Fires, applied

__all__ = ["here", "prefect", "store"]


@pytest.mark.usefixtures("prefect")
def test_a_drill_keeps_nothing_in_earnest_from_starting(here: Installation) -> None:
    document = applied(here, alerts={"cool_down_s": 300, "per_day": 1})
    assert Fires(here, document).send() == ""
    begun = here.store.begin(Request(application=document.name, drill="a drill"), "run of a drill")
    assert begun.hold is not None
    here.store.close(begun.hold, Outcome.ROLLED_BACK)
    with here.store.database.transaction() as connection:
        own = [kept.id for kept in alerts.loose(connection) if kept.application == document.name]
        alerts.belong_to(connection, own, begun.incident.id)
    passed(here, OPENING_S + 1)
    assert Fires(here, document, name="another").send() == ""
    assert results(here, document.name) == ["started", "started"]
