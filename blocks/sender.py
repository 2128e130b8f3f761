"""The outbox's sender: messages go out beside the runs. A channel that hangs, fails or is gone delays nothing."""

import threading
from collections.abc import Callable, Mapping

from blocks.channels.contract import Channel
from blocks.store import Store, outbox
from domain.errors import BackoutError, ChannelRefused, ToldToWait
from domain.journal_kinds import Happened
from domain.message import Message

LEASE_S = 30
IDLE_S = 0.5
Channels = Callable[[str], Mapping[str, Channel]]
"""Gives an application's channels by name; asked for each message, so that a new configuration counts at once."""


class Sender:
    """Sends what waits in the outbox, each message once a channel, in order within an incident.

    `application`: only this one's messages; None sends everybody's.
    """

    def __init__(self, store: Store, channels: Channels, application: str | None = None) -> None:
        self.store = store
        self.channels = channels
        self.application = application

    def run(self, stop: threading.Event) -> None:
        """Send until told to stop; waits out a store that is away."""
        while not stop.is_set():
            if not self._sent_one():
                stop.wait(IDLE_S)

    def run_out(self, stop: threading.Event) -> None:
        """The same, and at the end what is due by then."""
        try:
            self.run(stop)
            while self._sent_one():
                pass
        finally:
            self.store.rest()

    def _sent_one(self) -> bool:
        try:
            return self.send_next()
        except BackoutError:
            return False

    def send_next(self) -> bool:
        """Send one message that is due; False where none is."""
        with self.store.database.transaction() as connection:
            row = outbox.claim(connection, LEASE_S, self.application)
        if row is None:
            return False
        message = Message.model_validate(row["message"])
        try:
            reference = self._channel(message.application, row["channel"]).send(message, row["thread"])
        except BackoutError as error:
            wait_s = error.wait_s if isinstance(error, ToldToWait) else 0.0
            self._failed(row, str(error), retryable=error.retryable, wait_s=wait_s)
        except Exception as error:  # noqa: BLE001 - a channel's own mistake must not end the sender
            self._failed(row, f"{type(error).__name__}: {error}", retryable=True)
        else:
            self._sent(row, reference)
        return True

    def _channel(self, application: str, name: str) -> Channel:
        channel = self.channels(application).get(name)
        if channel is None:
            raise ChannelRefused(channel=name, why=f"{application} no longer has a channel of this name")
        return channel

    def _sent(self, row: outbox.Row, reference: str | None) -> None:
        with self.store.database.transaction() as connection:
            outbox.sent(connection, row, reference)
        self._note(row, Happened.MESSAGE_SENT, thread=reference or "")

    def _failed(self, row: outbox.Row, why: str, *, retryable: bool, wait_s: float = 0.0) -> None:
        with self.store.database.transaction() as connection:
            given_up = outbox.put_back(connection, row, why, retryable=retryable, wait_s=wait_s)
        if given_up or row["attempts"] == 1:
            self._note(row, Happened.MESSAGE_FAILED, why=why)

    def _note(self, row: outbox.Row, happened: Happened, **data: str) -> None:
        """In the incident's journal; a warning belongs to none, so that its row in the outbox is all there is."""
        if row["incident"]:
            self.store.append(row["incident"], happened, {"channel": row["channel"], **data})
