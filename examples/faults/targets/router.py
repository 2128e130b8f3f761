"""`router:FILE`: a toxic upstream between a router and the slot that its file names (router `caddy_file`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from blocks.files import replace_file
from domain.errors import ConfigurationError
from examples.faults.contract import Fault, Target
from examples.faults.toxic import Toxic, Toxin

_TOXINS = {
    Fault.ERRORS: Toxin.RESET,
    Fault.LATENCY: Toxin.LATE,
    Fault.DEAD_DEPENDENCY: Toxin.SILENT,
}


class Router(Target):
    """The way between router and slot. A switch that is made meanwhile stays: undoing puts back only what it laid."""

    kind: ClassVar[str] = "router"
    faults: ClassVar[Mapping[Fault, str]] = {
        Fault.ERRORS: "each connection to the slot is reset",
        Fault.LATENCY: "each answer of the slot comes 3 s late",
        Fault.DEAD_DEPENDENCY: "connections are taken, and nothing ever answers",
    }

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self._file = Path(place)
        self._laid = self._file.with_name(f"{self._file.name}.fault")

    @contextmanager
    def inject(self, fault: Fault, until: float) -> Iterator[None]:  # noqa: ARG002 -- the keeper ends it
        """Start a proxy, note what it stands for, and put its address into the router's file."""
        try:
            upstream = self._file.read_text().strip()
        except OSError as error:
            raise ConfigurationError("command line", "TARGET", f"{self._file}: {error.strerror}") from error
        with Toxic(upstream, _TOXINS[fault]) as proxy:
            replace_file(self._laid, json.dumps({"upstream": upstream, "proxy": proxy.address}).encode())
            replace_file(self._file, proxy.address.encode())
            yield
            self.undo(fault)

    def undo(self, fault: Fault) -> None:  # noqa: ARG002 -- one at a time lies in the router's file
        """Put the slot's address back, unless the router was switched meanwhile."""
        try:
            laid = json.loads(self._laid.read_bytes())
        except FileNotFoundError:
            return
        if self._file.read_text().strip() == laid["proxy"]:
            replace_file(self._file, laid["upstream"].encode())
        self._laid.unlink(missing_ok=True)
