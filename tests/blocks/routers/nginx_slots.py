"""Slots on unix sockets, as nginx dials them, and the links that lead there."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from blocks import process
from blocks.routers.nginx_socket import NginxSocket
from tests.blocks.nginx import Nginx
from tests.blocks.waiting import wait_until

UPSTREAM = Path(__file__).parents[1] / "upstream.py"
SLOTS = ("blue", "green", "red")


@contextmanager
def slots_on_sockets(folder: Path) -> Iterator[Mapping[str, str]]:
    """Slot -> `unix//path`; blue and green answer, nobody listens at red."""
    running = {slot: start_slot(slot, folder) for slot in SLOTS[:2]}
    for slot in running:
        wait_until((folder / f"{slot}.sock").is_socket, f"{slot}'s server")
    yield {slot: f"unix/{folder}/{slot}.sock" for slot in SLOTS}
    for server in running.values():
        process.stop(server, f"no mark {folder}", 10)


def start_slot(slot: str, folder: Path) -> process.Process:
    """A server that answers who it is, on `SLOT.sock` in the folder."""
    argv = [sys.executable, "-I", "-S", str(UPSTREAM), str(folder / f"{slot}.sock")]
    environment = {"SLOT": slot, "PATH": os.environ["PATH"]}
    return process.start(argv, cwd=folder, env=environment, log=folder / f"{slot}.log")


def lay_links(link: Path, socket: str) -> str:
    """Ten links behind one, all to this socket, as a person lays them once; returns nginx's upstream."""
    folder = link.with_name("first")
    folder.mkdir()
    for number in range(10):
        (folder / f"{number}.sock").symlink_to(socket)
    link.symlink_to("first")
    lines = [f"server unix:{link}/{number}.sock max_fails=0;" for number in range(10)]
    # As nginx 1.29.7 and newer does by itself: connections to slots are kept, unless the location says `close`.
    return f"upstream shop {{ {' '.join(lines)} keepalive 16; }}"


def router_of(nginx: Nginx, link: Path, **changed: object) -> NginxSocket:
    """As `backout.yaml` gives it."""
    settings = {
        "address": nginx.address,
        "link": link,
        "pid_file": nginx.pid_file,
        "test_command": nginx.command("-t"),
        "reload_command": nginx.command("-s", "reload"),
    }
    return NginxSocket.model_validate({**settings, **changed})
