"""The demo's `backout.yaml`, as the dict it is made from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from examples.demo.smoke import smoke

if TYPE_CHECKING:
    from examples.demo.stack import Release, Slot, Stack

APPLICATION = "flappyjournal/production"

NO_EMPTY_TITLE = "SELECT NOT EXISTS (SELECT FROM entries WHERE title = '')"
"""No release writes an entry without a title: where there is one, the data is corrupted."""

DRILLED = ("failing-health", "errors", "latency", "crash-loop", "dead-dependency", "full-disk")
"""Faults that going back mends."""

SHARED = ("bad-migration", "exhausted-connections")
"""Faults of the database, the same for both slots: going back would not help, and a drill is to see that it is not tried."""

# The slots run `python -m examples.demo.application`, which is found from the folder that holds `examples`.
_CHECKOUT = Path(__file__).resolve().parents[2]


def application(stack: Stack, releases: Mapping[str, Release], python: str) -> dict[str, Any]:
    """The entry of `flappyjournal/production`: what runs where, how traffic moves, what healthy means.

    `python` is the interpreter that the slots run with.
    """
    return {
        "name": APPLICATION,
        "description": "A journal with accounts, chat and a WebSocket: two slots behind Caddy",
        "platform": _platform(stack, releases, python),
        "database": {
            "kind": "postgresql",
            "url": "${DEMO_DATABASE_URL}",
            "migrations_table": "schema_migrations",
            "migrations": {"kind": "sql_files", "folder": str(stack.migrations_folder("{release}"))},
            "smoke": [NO_EMPTY_TITLE],
        },
        "health": _health(),
        "checks": _checks(),
        "policy": {"preset": "flappyjournal"},
        "channels": [{"kind": "logfile", "name": "log", "path": str(stack.folder / "messages.log")}],
    }


def drill(stack: Stack, application: str, python: str) -> dict[str, Any]:
    """The section `drill` of an application on this stack: a release as a CI deploys it, and the faults it can have."""
    slot = f"demo:{stack.state_folder('{slot}')}"
    own = {fault: _fault(slot, fault, python) for fault in DRILLED}
    shared = {fault: _fault("postgresql:DEMO_DATABASE_URL", fault, python) for fault in SHARED}
    return {
        "env": {"DEMO_DATABASE_URL": "${DEMO_DATABASE_URL}"},
        "deploy": [python, "-m", "examples.demo.deploying", str(stack.folder), application, "{release}"],
        "faults": {**own, **{name: {**fault, "ends": "wont_help"} for name, fault in shared.items()}},
    }


def _fault(place: str, fault: str, python: str) -> dict[str, Any]:
    command = [python, "-m", "examples.faults"]
    target = [place, fault]
    return {
        "inject": [*command, "inject", *target, "--for", "{seconds}"],
        "undo": [*command, "undo", *target],
    }


def _platform(stack: Stack, releases: Mapping[str, Release], python: str) -> dict[str, Any]:
    return {
        "kind": "processes",
        "folder": str(stack.slots_folder),
        "slots": {name: _slot(stack, slot, releases[name], python) for name, slot in stack.slots.items()},
        "router": stack.router,
    }


def _slot(stack: Stack, slot: Slot, release: Release, python: str) -> dict[str, Any]:
    return {
        "command": [python, "-m", "examples.demo.application", "--port", str(slot.port)],
        "cwd": str(_CHECKOUT),
        "env": {
            "APP_VERSION": release.version,
            "SLOT": slot.name,
            "FAULT": release.fault,
            "DATABASE_URL": "${DEMO_DATABASE_URL}",
            "MIGRATIONS": str(stack.migrations_folder(release.version)),
            "TEXT_COLUMN": release.text_column,
            "STATE_FOLDER": str(stack.state_folder(slot.name)),
        },
        "address": slot.address,
    }


def _health() -> dict[str, Any]:
    return {
        "kind": "http",
        "name": "health",
        "path": "/api/health",
        "expect": {"status": 200, "json": {"status": "healthy"}, "within_s": 2.0},
        "version": "version",
    }


def _checks() -> list[dict[str, Any]]:
    return [
        {"kind": "http", "name": "auth", "path": "/api/auth/health", "expect": {"status": 200}},
        {"kind": "websocket", "name": "websocket", "path": "/ws", "send": "hello", "expect": "hello"},
        {"kind": "probe", "name": "traffic", "path": "/", "requests": 20, "max_p95_s": 2.0},
        smoke(),
    ]
