"""What is wrong with a slot that is a process of this machine, and what mends it, for `backout doctor`."""

import shlex
import socket
from contextlib import suppress

from blocks.fields import dial_of
from blocks.platforms.contract import BlueGreen
from domain.checkup import Checkup, Remedy, well, wrong
from domain.errors import BackoutError
from domain.findings import Finding, Verdict
from domain.release import Slot

NAME = "process"
CONNECT_S = 2.0
LAST_LINES = 3
START, RESTART = "start", "restart"
OF_STANDBYS = 'FlappyJournal "Backup Environment Not Healthy" 1-3'


def examined(platform: BlueGreen) -> list[Checkup]:
    """One line a slot: its process, its port, and the end of its log where something is wrong."""
    serving = None
    with suppress(BackoutError):  # a router that cannot be asked is said by its own checkup
        serving = platform.route().slot
    return [_slot(platform, name, serving=serving in (name, None)) for name in platform.upstreams()]


def _slot(platform: BlueGreen, name: str, *, serving: bool) -> Checkup:
    try:
        last_words = " | ".join(line.strip() for line in platform.logs(name, LAST_LINES))
        return _checkup(platform.slot(name), last_words, serving=serving)
    except BackoutError as error:
        return wrong(NAME, name, error.what(), source=OF_STANDBYS, symptom="cannot be read")


def _checkup(slot: Slot, last_words: str, *, serving: bool) -> Checkup:
    """`last_words`: the end of its log; `serving`: whether it has the traffic, or may have it, and so is not restarted."""
    open_port = slot.address is not None and listens(slot.address).ok
    if slot.running and open_port:
        said = f"{slot.detail}, release {slot.version or 'unknown'}, restarts {slot.restarts}"
        return well(NAME, slot.name, said, source=OF_STANDBYS)
    if slot.running:
        return _deaf(slot, last_words, serving=serving)
    if open_port:
        return _port_taken(slot)
    said = f"is down: {slot.detail}; its log ends: {last_words or '(empty)'}"
    return wrong(
        NAME, slot.name, said, start(slot.name), source=OF_STANDBYS, symptom="down"
    )  # fmt: skip


def start(slot: str) -> Remedy:
    """Start what is down."""
    return Remedy(name=f"{START} {slot}", command=f"backout start-backup APP {shlex.quote(slot)}")


def listens(address: str) -> Finding:
    """Whether anybody takes connections at a slot's address."""
    host, _, port = dial_of(address).rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_S):
            return _port(Verdict.OK, f"{address} takes connections")
    except OSError as error:
        return _port(Verdict.BAD, f"{address} takes no connection: {error.strerror or error}")


def _port(verdict: Verdict, said: str) -> Finding:
    return Finding(name="port", on=NAME, verdict=verdict, said=said)


def _deaf(slot: Slot, last_words: str, *, serving: bool) -> Checkup:
    """It runs, and takes no connection. The serving one is not restarted by us: users may still be inside."""
    name = "" if serving else f"{RESTART} {slot.name}"
    pid = slot.detail.rpartition(" ")[2]
    command = f"kill {pid} && backout start-backup APP {shlex.quote(slot.name)}"
    said = (
        f"{slot.detail} runs, and nobody listens at {slot.address}; its log ends: {last_words or '(empty)'}"
    )
    return wrong(
        NAME, slot.name, said, Remedy(name=name, command=command), source=OF_STANDBYS, symptom="not listening"
    )  # fmt: skip


def _port_taken(slot: Slot) -> Checkup:
    port = dial_of(slot.address or "").rpartition(":")[2]
    look = Remedy(command=f"ss -ltnp 'sport = :{port}'")
    said = f"is down ({slot.detail}), and another program listens at {slot.address}: end that one first"
    return wrong(
        NAME, slot.name, said, look, start(slot.name), source=OF_STANDBYS, symptom="port taken"
    )  # fmt: skip
