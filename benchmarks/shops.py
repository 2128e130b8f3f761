"""Many applications on one stack: each behind a Caddy of its own, all with the demo's two slots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.scene import NEW, NEW_SLOT, OLD, OLD_SLOT, Scene, run_cli
from blocks import configuration
from blocks.files import replace_file
from examples.demo.ports import free_ports
from examples.demo.proxy import Proxy


@dataclass(frozen=True)
class Shop:
    """One application: its proxy, and the file that says which slot has its traffic."""

    name: str
    proxy: Proxy
    scene: Scene

    @property
    def serving(self) -> str | None:
        """The slot that has the traffic."""
        dial = self.active.read_text()
        return next((name for name, slot in self.scene.stack.slots.items() if slot.dial == dial), None)

    def release(self, slot: str) -> None:
        """Traffic to this slot, as a deployment would."""
        replace_file(self.active, self.scene.stack.slots[slot].dial.encode())

    def switched_at(self) -> float:
        """When the old release got the traffic, seconds since the epoch; infinite where it has not."""
        return self.active.stat().st_mtime if self.serving == OLD_SLOT else float("inf")

    def router(self) -> dict[str, Any]:
        """As `backout.yaml` names it."""
        return {"kind": "caddy_file", "file": str(self.active), "address": self.proxy.address}

    @property
    def active(self) -> Path:
        """The file that says which slot has the traffic."""
        return self.proxy.folder / "active"


@contextmanager
def shops(here: Scene, count: int, **changes: Any) -> Iterator[list[Shop]]:
    """So many applications beside the scene's own, applied; the new release serves, the old one did."""
    with ExitStack() as stack:
        made = [_shop(here, number, stack) for number in range(count)]
        _apply(here, made, changes)
        yield made


def _shop(here: Scene, number: int, stack: ExitStack) -> Shop:
    folder = here.stack.folder / "shops" / f"s{number}"
    folder.mkdir(parents=True)
    [port] = free_ports(1)
    shop = Shop(f"shop-{number}/production", Proxy(folder, port, f"{{file.{folder / 'active'}}}"), here)
    shop.release(OLD_SLOT)
    shop.proxy.start()
    stack.callback(shop.proxy.stop)
    return shop


def _apply(here: Scene, made: list[Shop], changes: dict[str, Any]) -> None:
    raw = configuration.read([here.stack.configuration_file])[0].raw
    entries = [
        {**raw, "name": shop.name, "platform": {**raw["platform"], "router": shop.router()}, **changes}
        for shop in made
    ]
    file = here.stack.folder / "shops.yaml"
    file.write_text(yaml.safe_dump({"applications": entries}, sort_keys=False))
    run_cli("apply", str(file))
    for shop in made:
        run_cli("record", shop.name, OLD, "--slot", OLD_SLOT)
        shop.release(NEW_SLOT)
        run_cli("record", shop.name, NEW, "--slot", NEW_SLOT)
