"""Slots of the demo application for tests: real processes, ended when the test ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from blocks import process
from blocks.process import Process
from examples.demo.stack import Release, Slot, Stack
from examples.demo.waiting import wait_until_listening

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass
class Running:
    """A slot that answers: its process, its log, a client for its own address."""

    process: Process
    log: Path
    slot: Slot
    client: httpx.Client


@contextmanager
def running(stack: Stack, name: str, release: Release, **environment: str) -> Iterator[Running]:
    """Run the release in this slot of the stack until the block ends."""
    slot = stack.slots[name]
    log = stack.folder / f"{name}.log"
    argv = [sys.executable, "-m", "examples.demo.application", "--port", str(slot.port)]
    own = {
        "APP_VERSION": release.version,
        "SLOT": name,
        "FAULT": release.fault,
        "DATABASE_URL": stack.database_url,
        "TEST_SLOT": str(log),
    }
    started = process.start(argv, cwd=CHECKOUT, env={**os.environ, **own, **environment}, log=log)
    try:
        wait_until_listening(slot.port, f"the demo application ({log})")
        with client(slot.address) as ready:
            yield Running(started, log, slot, ready)
    finally:
        process.stop(started, f"TEST_SLOT={log}", 10)


def client(address: str) -> httpx.Client:
    """A client that ignores the user's proxies."""
    return httpx.Client(base_url=address, timeout=15, trust_env=False)


def switch(stack: Stack, name: str) -> None:
    """Give the slot the traffic, by a rename."""
    following = stack.folder / "active.next"
    following.write_text(stack.slots[name].dial)
    following.replace(stack.active_file)
