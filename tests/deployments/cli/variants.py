"""The demo's application under other names, each with one thing that is wrong or different."""

from pathlib import Path
from typing import Any

from tests.deployments.cli.shop import Shop, closed_port

HANGING = "hanging/production"
SECRET = "secret/production"
NO_FILE = "nofile/production"
NO_ADMIN = "noadmin/production"
FULL = "full/production"
PAIR = "pair/production"
DRIFT = "drift/production"


def variants(shop: Shop, hanging: str) -> list[dict[str, Any]]:
    """Their entries. `hanging`: an address that takes connections and never answers."""
    return [
        shop.entry(DRIFT),
        _green_at(shop.entry(HANGING), hanging),
        {**shop.entry(SECRET), "database": {"kind": "postgresql", "url": "${NOSUCH_VARIABLE}"}},
        _router(shop.entry(NO_FILE), file=str(shop.stack.folder / "nosuch" / "active")),
        _router(
            shop.entry(NO_ADMIN), kind="caddy_admin", admin=f"127.0.0.1:{closed_port()}", id="shop", file=None
        ),
        {**shop.entry(FULL), "evidence": str(disk(shop))},
        {
            **shop.entry(PAIR),
            "policy": {"preset": "flappyjournal", "rules": {"high": {"consent": {"people": 2}}}},
        },
    ]


def disk(shop: Shop) -> Path:
    """Where the evidence of `FULL` goes: a test lays a full disk over it."""
    return shop.stack.folder / "disk"


def _green_at(entry: dict[str, Any], address: str) -> dict[str, Any]:
    platform = entry["platform"]
    green = {**platform["slots"]["green"], "address": address}
    return {**entry, "platform": {**platform, "slots": {**platform["slots"], "green": green}}}


def _router(entry: dict[str, Any], **changes: str | None) -> dict[str, Any]:
    """The entry with other keys for its router; None takes one away."""
    router = {
        key: value for key, value in {**entry["platform"]["router"], **changes}.items() if value is not None
    }
    return {**entry, "platform": {**entry["platform"], "router": router}}
