"""Messages of a run that no `serve` stands beside: Prefect's stock workers execute runs too."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from blocks.document import Document
from blocks.installation import Installation, serving
from blocks.sender import Sender

LAST_WORDS_S = 12.0
"""Seconds a run waits at its end for its last message; a channel has 10 to take one."""


@contextmanager
def sent_beside(here: Installation, document: Document) -> Iterator[None]:
    """Send what waits in the outbox beside the block, unless `serve` does it on this host."""
    if serving(here.home) is not None:
        yield
        return
    channels = {channel.name: channel for channel in document.channels}
    sender = Sender(here.store, lambda _application: channels, document.name)
    stop = threading.Event()
    thread = threading.Thread(target=sender.run_out, args=[stop], name="messages", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(LAST_WORDS_S)
