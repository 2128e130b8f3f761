"""Telling people without the outbox: after a break-glass rollback, straight from this process."""

from concurrent.futures import Future, ThreadPoolExecutor, wait

from blocks.channels.contract import Channel
from blocks.document import Document
from blocks.local_ledger import LocalLedger
from domain.errors import BackoutError
from domain.journal_kinds import Happened
from domain.message import Message

PATIENCE_S = 12.0
"""Seconds in all; a channel takes a message within 10, or does not take it."""


def send_now(document: Document, ledger: LocalLedger) -> dict[str, str]:
    """Send what waits, each channel beside the others; channel -> why it was not told, for those that failed."""
    pool = ThreadPoolExecutor(max(1, len(document.channels)), thread_name_prefix="tell")
    sending = {
        pool.submit(_send_all, channel, _for(channel, ledger)): channel for channel in document.channels
    }
    wait(sending, PATIENCE_S)
    pool.shutdown(wait=False, cancel_futures=True)
    failed = {channel.name: why for future, channel in sending.items() if (why := _problem(future))}
    _note(ledger, [channel.name for channel in document.channels], failed)
    return failed


def _for(channel: Channel, ledger: LocalLedger) -> list[Message]:
    return [message for message, channels in ledger.waiting if channel.name in channels]


def _send_all(channel: Channel, messages: list[Message]) -> None:
    thread: str | None = None
    for message in messages:
        thread = channel.send(message, thread) or thread


def _problem(future: Future[None]) -> str:
    if not future.done():
        return "it did not answer in time"
    error = future.exception()
    return error.what() if isinstance(error, BackoutError) else str(error or "")


def _note(ledger: LocalLedger, channels: list[str], failed: dict[str, str]) -> None:
    incident = ledger.current()
    for name in channels if incident else []:
        why = failed.get(name)
        kind = Happened.MESSAGE_FAILED if why else Happened.MESSAGE_SENT
        if incident is not None:
            ledger.append(incident.id, kind, {"channel": name, "why": why or "", "thread": ""})
