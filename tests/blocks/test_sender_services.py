"""The outbox's sender with services that hang, fail or ask to wait: no other channel waits for them, and the report lists them."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from blocks.channels.contract import Channel
from blocks.channels.email import Email
from blocks.channels.logfile import Logfile
from blocks.channels.pagerduty import PagerDuty
from blocks.channels.statuspage import Statuspage
from blocks.sender import Sender
from blocks.store import Store, outbox
from domain.message import Message, Moment
from domain.outcomes import Outcome
from domain.presets import PRESETS
from domain.report.facts import gather
from domain.severity import Severity
from tests.blocks.incidents import APPLICATION, request
from tests.blocks.waiting import wait_until
from tests.fakes.http_server import Reply
from tests.fakes.pagerduty import ROUTING_KEY, FakePagerDuty
from tests.fakes.smtp import FakeSmtp
from tests.fakes.statuspage import API_KEY, COMPONENT, PAGE, FakeStatuspage

NAMES = ("phone", "page", "mail")


@dataclass
class Services:
    """The three fakes, and the channels to them."""

    phone: FakePagerDuty
    page: FakeStatuspage
    mail: FakeSmtp
    log: Path

    def channels(self) -> dict[str, Channel]:
        mail = {
            "host": "127.0.0.1",
            "port": self.mail.port,
            "security": "none",
            "sender": "a@b.org",
            "to": ["c@d.org"],
        }
        page = {"api_key": API_KEY, "page": PAGE, "component": COMPONENT, "base_url": self.page.api}
        return {
            "phone": PagerDuty.model_validate({"routing_key": ROUTING_KEY, "base_url": self.phone.url}),
            "page": Statuspage.model_validate(page),
            "mail": Email.model_validate(mail),
            "log": Logfile.model_validate({"path": str(self.log)}),
        }

    def break_all(self, reply: Reply, smtp: str) -> None:
        self.phone.instead = self.page.instead = reply
        self.mail.refuse = {"CONNECT": smtp}

    def told(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with ExitStack() as stack:
        made = Services(FakePagerDuty(), FakeStatuspage(), FakeSmtp(), tmp_path / "log")
        for fake in (made.phone, made.page, made.mail):
            stack.enter_context(fake)
        yield made


@pytest.fixture
def sender(store: Store, services: Services) -> Sender:
    return Sender(store, lambda _application: services.channels())


@pytest.fixture
def incident(store: Store) -> str:
    return store.begin(request(), "run-1").incident.id


def message(incident: str, moment: Moment = Moment.STARTED, **more: Any) -> Message:
    values = {
        "incident": incident, "application": APPLICATION, "moment": moment, "severity": Severity.CRITICAL,
        "title": str(moment), "text": "text", "public": "public",
    }  # fmt: skip
    return Message(**(values | more))


def send_all(sender: Sender) -> None:
    while sender.send_next():
        pass


def due_now(store: Store) -> None:
    with store.database.transaction() as connection:
        connection.execute("UPDATE outbox SET due = now() WHERE sent_at IS NULL AND failed IS NULL")


def undelivered(store: Store, incident: str) -> set[str]:
    """The channels that the report lists."""
    facts = gather(store.incident(incident), store.entries(incident), PRESETS["default"])
    return {row.where for row in facts.undelivered}


def test_what_was_tried_in_vain_comes_after_what_was_not_tried_yet(
    store: Store, sender: Sender, services: Services, incident: str
) -> None:
    services.break_all(Reply(503, "down"), "421 down")
    store.post(message(incident), ["phone"])
    send_all(sender)
    store.post(message(incident), ["log"])
    due_now(store)
    sender.send_next()
    assert services.told() == 1


def test_an_incident_goes_through_all_of_them_from_its_first_word_to_its_last(
    store: Store, sender: Sender, services: Services, incident: str
) -> None:
    for told in (
        message(incident),
        message(incident, Moment.CONSENTED, acting=True, stage="identified"),
        message(incident, Moment.ENDED, outcome=Outcome.ROLLED_BACK, stage="monitoring"),
        message(incident, Moment.WATCHED, outcome=Outcome.ROLLED_BACK, stage="resolved"),
    ):
        store.post(told, [*NAMES, "log"])
        send_all(sender)
    assert services.phone.alerts == {incident: "resolved"}
    assert [status for status, _ in services.page.updates] == [
        "investigating",
        "identified",
        "monitoring",
        "resolved",
    ]
    assert services.page.component == "operational"
    first, *later = services.mail.mails
    assert {mail["In-Reply-To"] for mail in later} == {first["Message-ID"]}
    assert services.told() == 4
    assert undelivered(store, incident) == set()


@pytest.mark.parametrize(
    ("reply", "smtp"),
    [
        (Reply(429, {}, {"Retry-After": "1"}), "421 later"),
        (Reply(500), "451 later"),
        (Reply(close=True), "421 later"),
        (Reply(404, {"error": "Not found"}), "550 no"),
    ],
)
def test_those_that_fail_stop_no_other_and_are_listed(
    store: Store, sender: Sender, services: Services, incident: str, reply: Reply, smtp: str
) -> None:
    services.break_all(reply, smtp)
    store.post(message(incident), [*NAMES, "log"])
    send_all(sender)
    assert services.told() == 1
    assert undelivered(store, incident) == set(NAMES)


def test_those_that_hang_stop_no_other_and_are_listed(
    store: Store, sender: Sender, services: Services, incident: str
) -> None:
    services.phone.instead = services.page.instead = Reply(hang=True)
    services.mail.hang = True
    store.post(message(incident), [*NAMES, "log"])

    def send_one() -> None:
        sender.send_next()
        store.rest()

    hanging = [threading.Thread(target=send_one) for _ in NAMES]
    for thread in hanging:
        thread.start()
    wait_until(lambda: services.phone.seen and services.page.seen, "the requests that hang")
    send_all(sender)
    wait_until(lambda: services.told() == 1, "the log's message")
    for fake in (services.phone, services.page, services.mail):
        fake.closing.set()
    for thread in hanging:
        thread.join()
    assert undelivered(store, incident) == set(NAMES)


@pytest.mark.parametrize(("wait_s", "between"), [("40", (35, 45)), ("1", (1, 3)), ("99999", (590, 610))])
def test_a_channel_is_left_alone_for_as_long_as_it_asked(
    store: Store, sender: Sender, services: Services, incident: str, wait_s: str, between: tuple[int, int]
) -> None:
    services.phone.instead = Reply(429, {}, {"Retry-After": wait_s})
    store.post(message(incident), ["phone"])
    send_all(sender)
    with store.database.transaction() as connection:
        row = connection.execute("SELECT extract(epoch FROM due - now()) AS left_s FROM outbox").fetchone()
    assert row is not None
    assert between[0] <= row["left_s"] <= between[1]


def test_what_failed_goes_out_later(store: Store, sender: Sender, services: Services, incident: str) -> None:
    services.break_all(Reply(503), "421 later")
    store.post(message(incident), NAMES)
    send_all(sender)
    services.phone.instead = services.page.instead = None
    services.mail.refuse = {}
    due_now(store)
    send_all(sender)
    assert services.phone.alerts == {incident: "triggered"}
    assert len(services.page.incidents) == len(services.mail.mails) == 1


def test_only_the_newest_of_the_updates_that_wait_goes_out(
    store: Store, sender: Sender, services: Services, incident: str
) -> None:
    services.break_all(Reply(503), "421 later")
    store.post(message(incident), ["mail"])
    send_all(sender)
    for number in range(1, 4):
        store.post(
            message(incident, Moment.UPDATE, title=f"update {number}", once=f"slot {number}"), ["mail"]
        )
    services.mail.refuse = {}
    due_now(store)
    send_all(sender)
    assert [mail["Subject"] for mail in services.mail.mails] == ["started", "update 3"]
    with store.database.transaction() as connection:
        replaced = connection.execute(
            "SELECT key FROM outbox WHERE failed = %s ORDER BY id", [outbox.REPLACED]
        )
        assert [row["key"].rpartition(":")[2] for row in replaced] == ["slot 1", "slot 2"]
    assert undelivered(store, incident) == {"mail"}
