"""The automations of an application, over more of Prefect's than it gives at once."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import DoNothing
from prefect.events.schemas.automations import Automation, EventTrigger, Posture

from deployments.automations import remove_others

PAGE = 2


class Paged:
    """Prefect's automations, a page at a time, as `/automations/filter` gives them."""

    def __init__(self, *names: str) -> None:
        trigger = EventTrigger(expect={"x"}, posture=Posture.Reactive, threshold=1)
        self.known = [
            Automation(id=uuid4(), name=name, trigger=trigger, actions=[DoNothing()]) for name in names
        ]

    def read_automations(self, *, sort: Any = None, offset: int = 0) -> list[Automation]:
        rows = sorted(self.known, key=lambda one: one.name) if sort else self.known
        return rows[offset : offset + PAGE]

    def delete_automation(self, gone: UUID) -> None:
        self.known = [one for one in self.known if one.id != gone]


@pytest.mark.parametrize("count", [0, PAGE, PAGE + 1, 2 * PAGE])
def test_what_is_named_no_more_goes_wherever_it_stands(count: int) -> None:
    others = [f"Backout: a{number}/production: noted" for number in range(count)]
    prefect = Paged(*others, "Backout: shop/production: new", "Backout: shop/production: old", "Z")
    client: SyncPrefectClient = prefect  # type: ignore[assignment] # the two calls that are made
    remove_others(client, "shop/production", {"Backout: shop/production: new"})
    assert {one.name for one in prefect.known} == {"Backout: shop/production: new", *others, "Z"}
