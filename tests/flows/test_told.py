"""A whole rollback and its watch, told to real channels: well, and while every channel fails or hangs."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from blocks.installation import Installation
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from domain.presets import PRESETS
from domain.report.facts import gather
from flows import messages
from flows.conclude import conclude
from flows.intake import after_the_end
from flows.messages import sent_beside
from flows.path import take_back
from tasks import verify
from tasks.soak import stays_well, superseded, trouble
from tests.blocks.waiting import wait_until
from tests.fakes.http_server import Reply
from tests.fakes.pagerduty import ROUTING_KEY, FakePagerDuty
from tests.fakes.slack import CHANNEL, TOKEN, FakeSlack
from tests.fakes.smtp import FakeSmtp
from tests.fakes.statuspage import API_KEY, COMPONENT, PAGE, FakeStatuspage
from tests.flows.stage import Scene, Stage


@dataclass
class Services:
    """Where people are told."""

    phone: FakePagerDuty
    page: FakeStatuspage
    chat: FakeSlack
    mail: FakeSmtp

    def channels(self) -> list[dict[str, Any]]:
        return [
            {"kind": "pagerduty", "routing_key": ROUTING_KEY, "base_url": self.phone.url},
            {"kind": "statuspage", "api_key": API_KEY, "page": PAGE, "component": COMPONENT, "base_url": self.page.api},
            {"kind": "slack", "token": TOKEN, "channel": CHANNEL, "base_url": self.chat.api},
            {
                "kind": "email", "host": "127.0.0.1", "port": self.mail.port, "security": "none",
                "sender": "backout@example.org", "to": ["team@example.org"],
            },
        ]  # fmt: skip

    def instead(self, reply: Reply) -> None:
        self.phone.instead = self.page.instead = self.chat.instead = reply

    def begin_to_answer(self) -> None:
        for fake in (self.phone, self.page, self.chat, self.mail):
            fake.closing.set()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "PAUSE_S", 0.01)


@pytest.fixture
def services() -> Iterator[Services]:
    with ExitStack() as stack:
        made = Services(FakePagerDuty(), FakeStatuspage(), FakeSlack(), FakeSmtp())
        for fake in (made.phone, made.page, made.chat, made.mail):
            stack.enter_context(fake)
        yield made


@pytest.fixture
def scene(stage: Stage, tmp_path: Path, services: Services) -> Scene:
    return stage.scene(tmp_path, channels=services.channels())


@pytest.fixture
def here(scene: Scene) -> Iterator[Installation]:
    with scene.installation() as here:
        yield here


def rolled_back(scene: Scene, here: Installation) -> Outcome:
    with sent_beside(here, scene.document):
        return conclude(scene.case(here), take_back)[0]


def undelivered(scene: Scene, here: Installation) -> set[str]:
    """The channels that the report lists under Trouble."""
    incident = scene.incident()
    facts = gather(incident, here.store.entries(incident.id), PRESETS["default"])
    return {row.where for row in facts.undelivered}


def test_a_rollback_is_told_from_its_first_word_to_its_last(
    scene: Scene, here: Installation, services: Services
) -> None:
    assert rolled_back(scene, here) is Outcome.ROLLED_BACK
    incident = scene.incident().id
    assert services.phone.alerts == {incident: "resolved"}
    assert [status for status, _ in services.page.updates] == ["investigating", "monitoring"]
    assert services.page.component == "operational"
    with sent_beside(here, scene.document):
        stays_well(after_the_end(here, scene.document, incident, "soak"))
    assert [status for status, _ in services.page.updates] == ["investigating", "monitoring", "resolved"]
    first, *details = services.chat.posted
    assert {posted["thread_ts"] for posted in details} == {first["ts"]}
    assert "STABLE" in services.chat.updated[first["ts"]][-1]["text"]
    assert len(services.mail.mails) == len(services.chat.posted) == 3
    assert undelivered(scene, here) == set()


def test_trouble_after_the_rollback_opens_page_and_phone_again(
    scene: Scene, here: Installation, services: Services
) -> None:
    rolled_back(scene, here)
    incident = scene.incident().id
    with sent_beside(here, scene.document):
        trouble(after_the_end(here, scene.document, incident, "soak"), "health is bad")
    assert services.phone.alerts == {incident: "resolved", f"{incident}-help": "triggered"}
    assert services.page.updates[-1][0] == "investigating"
    assert services.page.component == "major_outage"


def test_a_watch_that_gives_way_leaves_no_incident_open_on_the_page(
    scene: Scene, here: Installation, services: Services
) -> None:
    rolled_back(scene, here)
    services.page.component = "partial_outage"  # as something newer left it
    with sent_beside(here, scene.document):
        superseded(
            after_the_end(here, scene.document, scene.incident().id, "soak"), "superseded by release 2.1"
        )
    assert [row["status"] for row in services.page.incidents.values()] == ["resolved"]
    assert services.page.component == "partial_outage"


@pytest.mark.parametrize("reply", [Reply(500), Reply(429, {}, {"Retry-After": "60"}), Reply(close=True)])
def test_channels_that_fail_delay_nothing_and_are_listed(
    scene: Scene, here: Installation, services: Services, reply: Reply
) -> None:
    services.instead(reply)
    services.mail.refuse = {"CONNECT": "421 later"}
    assert rolled_back(scene, here) is Outcome.ROLLED_BACK
    assert undelivered(scene, here) == {"pagerduty", "statuspage", "slack", "email"}


def test_channels_that_hang_delay_nothing(
    scene: Scene, here: Installation, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "LAST_WORDS_S", 0.1)
    services.instead(Reply(hang=True))
    services.mail.hang = True
    assert rolled_back(scene, here) is Outcome.ROLLED_BACK
    assert not [
        entry for entry in here.store.entries(scene.incident().id) if entry.kind == Happened.MESSAGE_SENT
    ]
    services.begin_to_answer()
    wait_until(lambda: undelivered(scene, here), "the first channel to be listed")
