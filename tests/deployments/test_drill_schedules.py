"""When drills are due, by Prefect's own schedule class."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.schedules import RRuleSchedule as RRule
from prefect.server.schemas.schedules import RRuleSchedule

from blocks.drill_settings import DrillSettings
from deployments.drill_schedules import rule_of, schedule_drill

FAULT = {"inject": ["true"], "undo": ["true"]}


def raw(name: str = "shop/staging", **drill: Any) -> dict[str, Any]:
    return {"name": name, "drill": {"faults": {"errors": FAULT}, **drill}}


def dates(described: dict[str, Any], start: datetime, count: int) -> list[datetime]:
    rule = rule_of(described)
    assert rule is not None
    served = RRuleSchedule.model_validate(rule.model_dump())
    return list(asyncio.run(served.get_dates(count, start=start)))


@pytest.mark.parametrize("zone", ["Europe/Lisbon", "America/New_York"])
def test_the_first_monday_at_ten_also_after_the_clocks_change(zone: str) -> None:
    found = dates(raw(time_zone=zone), datetime(2026, 9, 10, tzinfo=UTC), 8)
    there = [one.astimezone(ZoneInfo(zone)) for one in found]
    assert [one.strftime("%m-%d %H:%M %a") for one in there] == [
        "10-05 10:00 Mon", "11-02 10:00 Mon", "12-07 10:00 Mon", "01-04 10:00 Mon", "02-01 10:00 Mon", "03-01 10:00 Mon",
        "04-05 10:00 Mon", "05-03 10:00 Mon",
    ]  # fmt: skip
    assert len({one.utcoffset() for one in there}) == 2


def test_another_rule_none_and_never_production() -> None:
    weekly = dates(
        raw(schedule="FREQ=WEEKLY;BYDAY=FR;BYHOUR=9;BYMINUTE=30;BYSECOND=0"),
        datetime(2026, 11, 1, tzinfo=UTC),
        2,
    )
    assert [one.strftime("%m-%d %H:%M") for one in weekly] == ["11-06 09:30", "11-13 09:30"]
    assert rule_of(raw(schedule=None)) is None
    assert rule_of(raw("shop/production")) is None
    assert rule_of(raw("shop/prod-eu")) is None
    assert rule_of(raw("shop/prod-eu", production=False)) is not None
    assert rule_of(raw(production=True)) is None
    assert rule_of({"name": "shop/staging"}) is None


class Server:
    """What `schedule_drill` asks of Prefect."""

    def __init__(self) -> None:
        self.known: list[DeploymentSchedule] = []

    def pause(self, *, active: bool) -> None:
        """What a person does in Prefect's UI; not where `active`."""
        self.known = [one.model_copy(update={"active": active}) for one in self.known]

    def read_deployment_by_name(self, _name: str) -> SimpleNamespace:
        return SimpleNamespace(id=uuid4())

    def read_deployment_schedules(self, _deployment: UUID) -> list[DeploymentSchedule]:
        return self.known

    def delete_deployment_schedule(self, _deployment: UUID, schedule: UUID) -> None:
        self.known = [one for one in self.known if one.id != schedule]

    def create_deployment_schedules(self, _deployment: UUID, made: list[DeploymentScheduleCreate]) -> None:
        self.known += [DeploymentSchedule(**one.model_dump(), id=uuid4()) for one in made]


@pytest.mark.parametrize("active", [True, False])
def test_a_schedule_that_is_right_is_left_alone_and_a_paused_one_stays_paused(active: bool) -> None:
    server = Server()
    apply(server, raw())
    server.pause(active=active)
    before = server.known
    apply(server, raw())
    assert server.known == before
    apply(server, raw(time_zone="Europe/Lisbon"))
    [changed] = server.known
    assert changed.active is active
    assert isinstance(changed.schedule, RRule)
    assert changed.schedule.timezone == "Europe/Lisbon"
    assert changed.id != before[0].id
    apply(server, raw(schedule=None))
    assert server.known == []


def apply(server: Server, described: dict[str, Any]) -> None:
    schedule_drill(cast(SyncPrefectClient, server), "shop/staging", described, uuid4())


@pytest.mark.parametrize("wrong", [{"time_zone": "Mars/Base"}, {"schedule": "every month"}, {"faults": {}}])
def test_what_could_never_run_is_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Mars|pattern|at least 1"):
        DrillSettings.model_validate({"faults": {"errors": FAULT}, **wrong})
