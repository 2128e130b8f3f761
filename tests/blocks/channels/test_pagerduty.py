"""The `pagerduty` channel against PagerDuty's Events API on loopback."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.adapter import adapter_class
from blocks.channels.pagerduty import PagerDuty
from domain.message import NO_INCIDENT, Moment
from domain.outcomes import Outcome
from domain.severity import Severity
from tests.blocks.channels.contract import message
from tests.blocks.channels.service_contract import ServiceContract
from tests.fakes.pagerduty import ROUTING_KEY, FakePagerDuty


def pagerduty(base_url: str, **settings: Any) -> PagerDuty:
    values = {"kind": "pagerduty", "routing_key": ROUTING_KEY, "base_url": base_url, **settings}
    made = adapter_class("channels", "pagerduty").model_validate(values)
    assert isinstance(made, PagerDuty)
    return made


@pytest.fixture
def server() -> Iterator[FakePagerDuty]:
    with FakePagerDuty() as running:
        yield running


class TestPagerDuty(ServiceContract):
    @pytest.fixture
    def base(self) -> Callable[[str], PagerDuty]:
        return pagerduty

    @pytest.fixture
    def secret(self) -> str:
        return ROUTING_KEY

    @pytest.fixture
    def channel(self, server: FakePagerDuty) -> PagerDuty:
        return pagerduty(server.url)

    @pytest.fixture
    def unreachable(self, nobody: str) -> PagerDuty:
        return pagerduty(nobody.removesuffix("/hunter2/"), routing_key="hunter2")

    @pytest.fixture
    def usual(self) -> Sequence[Severity]:
        return [Severity.CRITICAL]

    @pytest.fixture
    def said(self, server: FakePagerDuty) -> Callable[[], list[str]]:
        return lambda: [json.dumps(event, ensure_ascii=False) for event in server.events]


def test_an_incident_is_one_alert_from_trigger_to_resolve(server: FakePagerDuty) -> None:
    channel = pagerduty(server.url)
    thread = channel.send(message(), None)
    assert server.alerts == {"inc-1": "triggered"}
    channel.send(message("asked", moment=Moment.ASKED), thread)
    assert server.alerts == {"inc-1": "triggered"}
    channel.send(message("consented", moment=Moment.CONSENTED, acting=True), thread)
    assert server.alerts == {"inc-1": "acknowledged"}
    channel.send(message("ended", moment=Moment.ENDED, outcome=Outcome.ROLLED_BACK), thread)
    assert server.alerts == {"inc-1": "resolved"}
    channel.send(message("stable", moment=Moment.WATCHED, outcome=Outcome.ROLLED_BACK), thread)
    assert server.alerts == {"inc-1": "resolved"}


def test_the_first_message_triggers_also_where_the_run_has_acted(server: FakePagerDuty) -> None:
    pagerduty(server.url).send(message(moment=Moment.SWITCHED, acting=True), None)
    assert server.alerts == {"inc-1": "triggered"}


def test_an_update_of_a_run_that_acts_acknowledges(server: FakePagerDuty) -> None:
    channel = pagerduty(server.url)
    thread = channel.send(message(), None)
    channel.send(message("5 min", moment=Moment.UPDATE), thread)
    assert server.alerts == {"inc-1": "triggered"}
    channel.send(message("10 min", moment=Moment.UPDATE, acting=True), thread)
    assert server.alerts == {"inc-1": "acknowledged"}


@pytest.mark.parametrize(
    "outcome", [Outcome.HELD, Outcome.WONT_HELP, Outcome.STUCK, Outcome.WENT_BACK, Outcome.EXPIRED]
)
def test_a_bad_end_leaves_it_open_and_calls_again(server: FakePagerDuty, outcome: Outcome) -> None:
    channel = pagerduty(server.url)
    thread = channel.send(message(), None)
    channel.send(message(moment=Moment.CONSENTED, acting=True), thread)
    channel.send(message(moment=Moment.ENDED, outcome=outcome), thread)
    channel.send(message("HELP", moment=Moment.ESCALATED, outcome=outcome), thread)
    assert server.alerts == {"inc-1": "acknowledged", "inc-1-help": "triggered"}


def test_a_good_end_resolves_the_call_for_help_too(server: FakePagerDuty) -> None:
    channel = pagerduty(server.url)
    thread = channel.send(message(), None)
    channel.send(message("HELP", moment=Moment.ESCALATED), thread)
    channel.send(message(moment=Moment.ENDED, outcome=Outcome.ROLLED_BACK), thread)
    assert set(server.alerts.values()) == {"resolved"}


def test_trouble_after_the_rollback_calls_though_the_alert_is_resolved(server: FakePagerDuty) -> None:
    channel = pagerduty(server.url)
    thread = channel.send(message(), None)
    channel.send(message(moment=Moment.ENDED, outcome=Outcome.ROLLED_BACK), thread)
    channel.send(message("HELP", moment=Moment.ESCALATED, outcome=Outcome.ROLLED_BACK), thread)
    assert server.alerts == {"inc-1": "resolved", "inc-1-help": "triggered"}


def test_a_no_is_seen_to_and_not_resolved(server: FakePagerDuty) -> None:
    channel = pagerduty(server.url)
    thread = channel.send(message(), None)
    channel.send(message(moment=Moment.ENDED, outcome=Outcome.REJECTED), thread)
    assert server.alerts == {"inc-1": "acknowledged"}


def test_an_alert_says_how_bad_it_is_where_and_what_is_known(server: FakePagerDuty) -> None:
    told = message(severity=Severity.HIGH, facts={"Version": "2.1.0 → 2.0.0"}, head="abc123")
    pagerduty(server.url).send(told, None)
    payload = server.events[0]["payload"]
    assert (payload["severity"], payload["source"]) == ("error", "shop/production")
    assert (payload["component"], payload["group"]) == ("shop", "production")
    assert payload["custom_details"]["Version"] == "2.1.0 → 2.0.0"
    assert payload["custom_details"]["journal"] == "abc123"


def test_a_run_that_was_refused_is_an_alert_of_its_application(server: FakePagerDuty) -> None:
    pagerduty(server.url).send(message(incident=NO_INCIDENT, moment=Moment.ESCALATED), None)
    assert server.alerts == {"shop/production:Rolling back-help": "triggered"}


def test_each_limit_that_is_crossed_is_an_alert_of_its_own(server: FakePagerDuty) -> None:
    channel = pagerduty(server.url, severities=[Severity.CRITICAL, Severity.MEDIUM])
    for title, moment in [("cpu", Moment.WATCHED), ("p95", Moment.ESCALATED), ("p95", Moment.ESCALATED)]:
        channel.send(message(title, incident=NO_INCIDENT, moment=moment), None)
    assert server.alerts == {"shop/production:cpu": "triggered", "shop/production:p95-help": "triggered"}


@pytest.mark.parametrize("settings", [{"base_url": "http://events.example"}, {"routing_key": None}])
def test_bad_settings_raise(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        pagerduty(**{"base_url": "https://events.example", **settings})
