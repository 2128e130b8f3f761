"""Messages on their way to real channels, of which some do not do their part."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.channels.contract import Channel
from blocks.channels.logfile import Logfile
from blocks.channels.slack import Slack
from blocks.sender import Sender
from blocks.store import Store, outbox
from domain.journal_kinds import Happened
from domain.message import Message, Moment
from domain.severity import Severity
from tests.blocks.incidents import APPLICATION, request
from tests.blocks.waiting import wait_until
from tests.fakes.http_server import Reply
from tests.fakes.slack import CHANNEL, TOKEN, FakeSlack


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as running:
        yield running


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "messages.log"


@pytest.fixture
def channels(slack: FakeSlack, log: Path) -> dict[str, Channel]:
    chat = Slack.model_validate({"token": TOKEN, "channel": CHANNEL, "base_url": slack.api})
    return {"chat": chat, "log": Logfile.model_validate({"path": str(log)})}


@pytest.fixture
def sender(store: Store, channels: dict[str, Channel]) -> Sender:
    return Sender(store, lambda _application: channels)


@pytest.fixture
def incident(store: Store) -> str:
    return store.begin(request(), "run-1").incident.id


class Dies(Logfile):
    """A channel with a mistake of its own."""

    def send(self, message: Message, thread: str | None) -> str | None:
        raise ZeroDivisionError(f"{message.moment} in {thread}")


def message(incident: str, number: int) -> Message:
    return Message(
        incident=incident,
        application=APPLICATION,
        moment=Moment.WATCHED,
        severity=Severity.HIGH,
        title=f"message {number}",
        text="as text",
    )


def post(store: Store, incident: str, numbers: range, *channels: str) -> None:
    for number in numbers:
        store.post(message(incident, number), channels)


def logged(log: Path) -> list[str]:
    """The numbers of the messages, as they went out."""
    text = log.read_text() if log.exists() else ""
    return [word.split('"')[0].split()[0] for word in text.split("message ")[1:]]


def send_all(sender: Sender) -> None:
    while sender.send_next():
        pass


def due_now(store: Store) -> None:
    with store.database.transaction() as connection:
        connection.execute("UPDATE outbox SET due = now() WHERE sent_at IS NULL AND failed IS NULL")


def noted(store: Store, incident: str, kind: Happened) -> list[str]:
    return [entry.data["channel"] for entry in store.entries(incident) if entry.kind == kind]


def test_each_message_goes_to_each_channel_in_order_and_into_one_thread(
    store: Store, sender: Sender, incident: str, slack: FakeSlack, log: Path
) -> None:
    post(store, incident, range(1, 5), "chat", "log")
    send_all(sender)
    assert logged(log) == ["1", "2", "3", "4"]
    assert [posted["text"].split(" (")[0] for posted in slack.posted] == [f"message {n}" for n in range(1, 5)]
    assert [posted.get("thread_ts") for posted in slack.posted] == [None, *[slack.posted[0]["ts"]] * 3]
    assert noted(store, incident, Happened.MESSAGE_SENT).count("chat") == 4


def test_a_message_said_again_goes_out_once(store: Store, sender: Sender, incident: str, log: Path) -> None:
    for _ in range(3):
        post(store, incident, range(1, 3), "log")
        send_all(sender)
    assert logged(log) == ["1", "2"]


def test_many_senders_send_each_message_once_and_in_order(
    store: Store, sender: Sender, log: Path, slack: FakeSlack
) -> None:
    applications = [f"shop/p{number}" for number in range(3)]
    incidents = [
        store.begin(request().model_copy(update={"application": name}), name) for name in applications
    ]
    for number, begun in enumerate(incidents):
        post(store, begun.incident.id, range(number * 10, number * 10 + 10), "log", "chat")
    stop = threading.Event()
    threads = [threading.Thread(target=sender.run_out, args=[stop]) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(logged(log)) == len(slack.posted) == 30, "all messages")
    stop.set()
    for thread in threads:
        thread.join()
    for number in range(3):
        mine = [int(word) for word in logged(log) if int(word) // 10 == number]
        assert mine == list(range(number * 10, number * 10 + 10))


@pytest.mark.parametrize(
    "instead",
    [
        Reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"}),
        Reply(503, "down"),
        Reply(close=True),
        Reply(body={"ok": False, "error": "channel_not_found"}),
    ],
)
def test_a_channel_that_fails_stops_no_other(
    store: Store, sender: Sender, incident: str, slack: FakeSlack, log: Path, instead: Reply
) -> None:
    slack.instead = instead
    post(store, incident, range(1, 4), "chat", "log")
    send_all(sender)
    assert logged(log) == ["1", "2", "3"]
    assert "chat" in noted(store, incident, Happened.MESSAGE_FAILED)


def test_a_channel_that_hangs_stops_no_other(
    store: Store, sender: Sender, incident: str, slack: FakeSlack, log: Path
) -> None:
    slack.instead = Reply(hang=True)
    post(store, incident, range(1, 4), "chat", "log")

    def send_one() -> None:
        sender.send_next()
        store.rest()

    hanging = threading.Thread(target=send_one)
    hanging.start()
    wait_until(lambda: slack.seen, "the request that hangs")
    send_all(sender)
    assert logged(log) == ["1", "2", "3"]
    assert hanging.is_alive()
    slack.closing.set()
    hanging.join()
    assert noted(store, incident, Happened.MESSAGE_FAILED) == ["chat"]


def test_a_channel_with_a_mistake_of_its_own_stops_no_other(
    store: Store, sender: Sender, channels: dict[str, Channel], incident: str, log: Path
) -> None:
    channels["chat"] = Dies.model_construct(kind="logfile", name="chat", path=log)
    post(store, incident, range(1, 3), "chat", "log")
    send_all(sender)
    assert logged(log) == ["1", "2"]
    [failed] = [entry for entry in store.entries(incident) if entry.kind == Happened.MESSAGE_FAILED]
    assert "ZeroDivisionError" in failed.data["why"]


def test_what_failed_goes_out_later_and_before_what_came_after_it(
    store: Store, sender: Sender, incident: str, slack: FakeSlack
) -> None:
    slack.instead = Reply(503, "down")
    post(store, incident, range(1, 4), "chat")
    send_all(sender)
    slack.instead = None
    send_all(sender)
    assert slack.posted == []
    due_now(store)
    send_all(sender)
    assert [posted["text"].split(" (")[0] for posted in slack.posted] == [
        "message 1",
        "message 2",
        "message 3",
    ]


def test_a_channel_that_was_removed_is_given_up_at_once(
    store: Store, sender: Sender, channels: dict[str, Channel], incident: str
) -> None:
    del channels["chat"]
    post(store, incident, range(1, 3), "chat")
    send_all(sender)
    due_now(store)
    assert not sender.send_next()
    assert noted(store, incident, Happened.MESSAGE_FAILED) == ["chat", "chat"]


def test_the_last_try_is_the_last_and_noted(
    store: Store, sender: Sender, incident: str, slack: FakeSlack
) -> None:
    slack.instead = Reply(503, "down")
    post(store, incident, range(1, 3), "chat")
    tries = 0
    for _ in range(len(outbox.RETRY_S) + 1):
        due_now(store)
        tries += sender.send_next()
    assert tries == len(outbox.RETRY_S) + 1
    assert noted(store, incident, Happened.MESSAGE_FAILED) == ["chat", "chat"]
    slack.instead = None
    send_all(sender)
    assert [posted["text"].split(" (")[0] for posted in slack.posted] == ["message 2"]


def test_a_sender_that_dies_leaves_its_message_to_the_next(
    store: Store, sender: Sender, incident: str, log: Path
) -> None:
    post(store, incident, range(1, 2), "log")
    with store.database.transaction() as connection:
        assert outbox.claim(connection, 30) is not None
    assert not sender.send_next()
    due_now(store)
    assert sender.send_next()
    assert logged(log) == ["1"]


def test_what_somebody_must_act_on_is_tried_for_a_day(
    store: Store, sender: Sender, incident: str, slack: FakeSlack
) -> None:
    slack.instead = Reply(503, "down")
    store.post(message(incident, 1).model_copy(update={"moment": Moment.ASKED}), ["chat"])
    for _ in range(len(outbox.RETRY_S) + 5):
        due_now(store)
        assert sender.send_next()
    assert noted(store, incident, Happened.MESSAGE_FAILED) == ["chat"]
    assert outbox.URGENT_TRIES * outbox.RETRY_S[-1] >= 24 * 60 * 60
