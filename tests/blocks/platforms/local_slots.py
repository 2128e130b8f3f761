"""Blue and green as real processes behind a real Caddy, and what tests ask of them."""

from pathlib import Path
from typing import Any

import httpx

from blocks.platforms.processes import Processes
from blocks.slot_folder import SlotFolder
from examples.demo.ports import free_ports
from tests.blocks.conftest import upstream_command
from tests.blocks.platforms.contract import SECRET, look


def settings(folder: Path, address: str) -> dict[str, Any]:
    """As `backout.yaml` would give them, once its secrets are filled in."""
    blue, green = free_ports(2)
    return {
        "kind": "processes",
        "folder": str(folder / "slots"),
        "start_timeout_s": 10,
        "stop_timeout_s": 5,
        "slots": {"blue": _slot(folder, blue, "2.0"), "green": _slot(folder, green, "1.0")},
        "router": {"kind": "caddy_file", "file": str(folder / "active"), "address": address},
    }


def _slot(folder: Path, port: int, version: str) -> dict[str, Any]:
    return {
        "command": upstream_command(port),
        "cwd": str(folder),
        "env": {"APP_VERSION": version, "DATABASE_URL": SECRET},
        "address": f"http://127.0.0.1:{port}",
    }


def pid_of(platform: Processes, slot: str) -> int:
    started = SlotFolder(platform.folder / slot).started()
    assert started is not None
    return started.process.pid


def said_by(platform: Processes, slot: str) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(platform.programs[slot].address, trust_env=False).json()
    return answer


def is_up(platform: Processes, slot: str) -> bool:
    return look(platform.slot(slot))[0].ok
