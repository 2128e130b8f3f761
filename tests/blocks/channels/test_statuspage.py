"""The `statuspage` channel against Statuspage's API on loopback."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.adapter import adapter_class
from blocks.channels.statuspage import Statuspage
from domain.errors import Unreachable
from domain.message import NO_INCIDENT, Moment, Stage
from domain.outcomes import Outcome
from domain.severity import Severity
from tests.blocks.channels.contract import message
from tests.blocks.channels.service_contract import ServiceContract
from tests.fakes.statuspage import API_KEY, COMPONENT, PAGE, FakeStatuspage


def statuspage(base_url: str, **settings: Any) -> Statuspage:
    values = {
        "kind": "statuspage", "api_key": API_KEY, "page": PAGE, "component": COMPONENT, "base_url": base_url, **settings,
    }  # fmt: skip
    made = adapter_class("channels", "statuspage").model_validate(values)
    assert isinstance(made, Statuspage)
    return made


@pytest.fixture
def server() -> Iterator[FakeStatuspage]:
    with FakeStatuspage() as running:
        yield running


class TestStatuspage(ServiceContract):
    @pytest.fixture
    def base(self) -> Callable[[str], Statuspage]:
        return statuspage

    @pytest.fixture
    def secret(self) -> str:
        return API_KEY

    @pytest.fixture
    def channel(self, server: FakeStatuspage) -> Statuspage:
        return statuspage(server.api)

    @pytest.fixture
    def unreachable(self, nobody: str) -> Statuspage:
        return statuspage(nobody.removesuffix("/hunter2/"), api_key="hunter2")

    @pytest.fixture
    def parts(self) -> Sequence[str]:
        return ("Rolling back",)

    @pytest.fixture
    def usual(self) -> Sequence[Severity]:
        return [Severity.CRITICAL, Severity.HIGH]

    @pytest.fixture
    def said(self, server: FakeStatuspage) -> Callable[[], list[str]]:
        return lambda: [text for _status, text in server.updates]


def test_an_incident_goes_through_the_four_states_and_the_component_is_operational_at_the_end(
    server: FakeStatuspage,
) -> None:
    channel, thread, seen = statuspage(server.api), None, []
    for moment, stage, outcome in [
        (Moment.STARTED, Stage.INVESTIGATING, None),
        (Moment.ASKED, Stage.IDENTIFIED, None),
        (Moment.ENDED, Stage.MONITORING, Outcome.ROLLED_BACK),
        (Moment.WATCHED, Stage.RESOLVED, Outcome.ROLLED_BACK),
    ]:
        thread = channel.send(message(str(stage), moment=moment, stage=stage, outcome=outcome), thread)
        seen.append((server.updates[-1][0], server.component))
    assert len(server.incidents) == 1
    assert seen == [
        ("investigating", "major_outage"),
        ("identified", "major_outage"),
        ("monitoring", "operational"),
        ("resolved", "operational"),
    ]


def test_the_public_is_told_nothing_of_the_inside(server: FakeStatuspage) -> None:
    told = message(
        "internal title",
        "secret host",
        public="We are looking into it.",
        facts={"Version": "2.1"},
        head="abc",
    )
    statuspage(server.api).send(told, None)
    (incident,) = server.incidents.values()
    shown = {key: value for key, value in incident.items() if key != "metadata"}
    assert shown["body"] == "We are looking into it."
    assert shown["name"] == "Service disruption"
    assert not any(word in str(shown) for word in ("internal", "host", "2.1", "abc", "inc-1"))


def test_an_incident_whose_answer_was_lost_is_not_opened_twice(server: FakeStatuspage) -> None:
    channel = statuspage(server.api)
    server.forgets = True
    with pytest.raises(Unreachable):
        channel.send(message("first"), None)
    server.forgets = False
    thread = channel.send(message("first"), None)
    assert list(server.incidents) == [thread]
    channel.send(message("another", incident="inc-2"), None)
    assert len(server.incidents) == 2


def test_calls_for_help_and_refused_runs_are_not_for_the_public(server: FakeStatuspage) -> None:
    channel = statuspage(server.api)
    assert channel.send(message(moment=Moment.ESCALATED), None) is None
    assert channel.send(message(incident=NO_INCIDENT), None) is None
    assert server.seen == []


def test_what_is_over_before_anybody_was_told_is_not_opened(server: FakeStatuspage) -> None:
    told = message(moment=Moment.ENDED, stage=Stage.RESOLVED, outcome=Outcome.NOTHING_TO_DO)
    assert statuspage(server.api).send(told, None) is None
    assert server.incidents == {}


def test_without_a_component_only_the_incident_is_written(server: FakeStatuspage) -> None:
    statuspage(server.api, component=None).send(message(), None)
    assert server.component == "operational"
    assert len(server.incidents) == 1


def test_a_bad_end_leaves_the_component_as_it_is(server: FakeStatuspage) -> None:
    channel = statuspage(server.api, trouble="partial_outage")
    thread = channel.send(message(), None)
    channel.send(message(moment=Moment.ENDED, stage=Stage.IDENTIFIED, outcome=Outcome.HELD), thread)
    assert server.component == "partial_outage"
    assert server.updates[-1][0] == "identified"


def test_an_examination_finds_a_component_that_is_not_there(server: FakeStatuspage) -> None:
    [checkup] = statuspage(server.api, component="other").examine()
    assert checkup.bad
    assert "no component other" in checkup.finding.said


@pytest.mark.parametrize(
    "settings",
    [{"base_url": "http://api.example/v1"}, {"page": "../x"}, {"component": "a/b"}, {"trouble": "fire"}],
)
def test_bad_settings_raise(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        statuspage(**{"base_url": "https://api.example/v1", **settings})
