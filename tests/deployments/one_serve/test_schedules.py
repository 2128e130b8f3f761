"""What is due later: Prefect's dates are those of the clock on the wall, stay after `serve` was killed, and none runs twice."""

import os
import signal
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from prefect.states import Scheduled

from blocks.drill_settings import FIRST_MONDAY
from tests.deployments.rollbacks import Service, Shop
from tests.deployments.served import wait_for

DRILLED = {"faults": {"none": {"inject": ["true"], "undo": ["true"]}}, "time_zone": "Europe/Lisbon"}
SUNDAYS = "FREQ=WEEKLY;BYDAY=SU;BYHOUR=10;BYMINUTE=0;BYSECOND=0"


def schedules(service: Service, deployment: str) -> list[tuple[str | None, str, bool]]:
    """Slug, rule, and whether it is active."""
    with service.client() as client:
        known = client.read_deployment_by_name(f"{deployment}/{deployment}").schedules
    return sorted((one.slug, one.schedule.model_dump_json(), one.active) for one in known)


def waiting(service: Service, deployment: str, about: str) -> list[tuple[str, str]]:
    """Of the scheduled runs of a deployment with this in their parameters: when each is due, and its id."""
    wanted: dict[str, Any] = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    with service.client() as client:
        found = client.read_deployment_by_name(f"{deployment}/{deployment}").id
        wanted |= {"deployments": {"id": {"any_": [str(found)]}}}
        runs = client._client.post("/flow_runs/filter", json=wanted).json()
    return sorted((one["expected_start_time"], one["id"]) for one in runs if about in str(one["parameters"]))


def drills(service: Service, shop: Shop) -> list[str]:
    """When Prefect will drill the application next."""
    block = str(shop.api.application_block(shop.scene.name)["$ref"])
    return [due for due, _ in waiting(service, "drill", block)]


def falls_due_while_nobody_serves(service: Service, run: str) -> None:
    """Nothing takes it from the moment that it is due until `serve` is started again."""
    os.kill(service.process.pid, signal.SIGSTOP)
    with service.client() as client:
        client.set_flow_run_state(UUID(run), Scheduled(), force=True)
    service.process.kill()
    service.process.wait()


@pytest.mark.full_matrix
def test_dates_stay_and_what_fell_due_meanwhile_runs_once(service: Service, shop: Shop) -> None:
    shop.scene.raw["drill"] = DRILLED
    shop.apply({})
    shop.wait_state(shop.start(severity="critical"), "RolledBack")
    incident = shop.scene.incident().id
    wait_for(lambda: len(waiting(service, "follow-up", incident)) == 3, "the follow-ups")
    dates = wait_for(lambda: drills(service, shop), "the dates of the drills")
    (_, first), *later = waiting(service, "follow-up", incident)

    before = {name: schedules(service, name) for name in ("drill", "readiness")}
    assert [active for *_, active in before["readiness"]] == [False], "paused by a person, in Prefect's UI"
    falls_due_while_nobody_serves(service, first)
    service.process = Service.start(service.home).process
    assert {name: schedules(service, name) for name in ("drill", "readiness")} == before

    shop.wait_state(first, "FollowedUp")
    assert waiting(service, "follow-up", incident) == later
    assert len(shop.scene.data("followed up")) == 1
    assert shop.moments().count("follow_up") == 1
    wait_for(lambda: drills(service, shop) == dates, "the same dates again, each once")
    assert len(dates) > 1


def shown_until(service: Service, shop: Shop, start: datetime, end: datetime) -> list[datetime]:
    """The dates that Prefect's server makes of the application's schedule between these, which by itself it makes for 100 days."""
    span = {"start_time": start.isoformat(), "end_time": end.isoformat(), "min_runs": 100, "max_runs": 100}
    with service.client() as client:
        found = client.read_deployment_by_name("drill/drill").id
        client._client.post(f"/deployments/{found}/schedule", json=span).raise_for_status()
    dates = [datetime.fromisoformat(due) for due in drills(service, shop)]
    return [due for due in dates if start <= due <= end]


@pytest.mark.parametrize(
    "zone", ["Europe/Lisbon", pytest.param("America/New_York", marks=pytest.mark.full_matrix)]
)
@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        pytest.param(FIRST_MONDAY, lambda day: day.weekday() == 0 and day.day <= 7, id="first Mondays"),
        # The clocks change on Sundays: it is so on these very days too.
        pytest.param(SUNDAYS, lambda day: day.weekday() == 6, id="Sundays", marks=pytest.mark.full_matrix),
    ],
)
def test_it_is_ten_oclock_there_before_and_after_the_clocks_change(
    service: Service, shop: Shop, zone: str, rule: str, fits: Callable[[date], bool]
) -> None:
    year = datetime.now(UTC).year + 1
    start, end = datetime(year, 9, 1, tzinfo=UTC), datetime(year + 1, 5, 1, tzinfo=UTC)
    shop.scene.raw["drill"] = {**DRILLED, "schedule": rule, "time_zone": zone}
    shop.apply({})
    seen = [due.astimezone(ZoneInfo(zone)) for due in shown_until(service, shop, start, end)]
    days = [start + timedelta(days=number) for number in range((end - start).days)]
    assert [f"{due:%Y-%m-%d %H:%M}" for due in seen] == [f"{day:%Y-%m-%d} 10:00" for day in days if fits(day)]
    assert len({due.utcoffset() for due in seen}) == 2
    shop.scene.raw["drill"] = {**DRILLED, "schedule": None}
    shop.apply({})
    assert drills(service, shop) == []
