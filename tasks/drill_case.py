"""A drill in hand: its application, what is kept of it, and the commands that break and mend."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from blocks.document import Document
from blocks.drill_settings import DrillSettings
from blocks.hosts.local import Local
from blocks.installation import Installation
from blocks.signals.command import SHORTEST_SECRET
from blocks.store import drills
from domain.drill import Drill
from domain.drill_seen import Seen
from domain.errors import CommandFailed, Conflict
from tasks.run_log import in_flow

COMMAND_S = 180.0
SPARE_S = 60.0
"""Seconds that a fault outlives the drill's patience: it undoes itself then, whoever was killed."""


class DrillCase:
    """One drill.

    Attributes:
        seen: what it looked at so far.
        breaking_at: when it began to break what serves.
        mended: whether there is no fault to undo.
    """

    def __init__(self, here: Installation, document: Document, drill: Drill) -> None:
        settings = document.drill
        if settings is None:
            raise RuntimeError(f"{document.name} has no drill")
        self.here, self.document, self.drill = here, document, drill
        self.settings: DrillSettings = settings
        self.seen = Seen()
        self.breaking_at = drill.started_at
        self.mended = True

    def keep(self, **changes: Any) -> bool:
        """Keep how far it is; False where somebody cleaned up after it."""
        self.drill = self.drill.model_copy(update=changes)
        return drills.keep(self.here.store.database, self.drill)

    def step(self, name: str) -> None:
        """Begin the next step; a line in the run's log. Raises Conflict where somebody cleaned up after it."""
        if not self.keep(step=name):
            raise Conflict(
                on=f"drill {self.drill.id}", expected="open", found="ended by who cleaned up after it"
            )
        if in_flow():
            from prefect.logging import get_run_logger

            get_run_logger().info("drill %s: %s", self.drill.id, name)

    def run(self, argv: Sequence[str]) -> str:
        """Run one of the document's commands; what it said. Of our environment it gets PATH and the like, and our home.

        Raises CommandFailed.
        """
        filled = self._filled(argv)
        own = {name: value.get_secret_value() for name, value in self.settings.env.items()}
        # `backout record` in a deploy script must find this very Backout.
        env = {"BACKOUT_HOME": str(self.here.home.root), **own}
        try:
            done = Local().run(filled, timeout_s=COMMAND_S, env=env)
        except CommandFailed as error:
            raise CommandFailed(filled, error.exit_code_seen, self._masked(error.output)) from None
        if done.exit_code != 0:
            raise CommandFailed(filled, done.exit_code, self._masked(done.output))
        return self._masked(done.output)

    def undo(self) -> None:
        """Take the fault away. Raises CommandFailed; its own deadline takes it away then."""
        self.run(self.settings.faults[self.drill.fault].undo)
        self.mended = True

    def left_s(self) -> float:
        """Seconds until its patience ends."""
        return (self.drill.until - datetime.now(UTC)).total_seconds()

    def _masked(self, said: str) -> str:
        for value in (secret.get_secret_value() for secret in self.settings.env.values()):
            if len(value) >= SHORTEST_SECRET:
                said = said.replace(value, "***")
        return said

    def _filled(self, argv: Sequence[str]) -> list[str]:
        values = {
            "{slot}": self.drill.slot or "",
            "{release}": self.drill.release or "",
            "{seconds}": f"{max(1.0, self.left_s() + SPARE_S):.0f}",
        }
        filled = []
        for word in argv:
            for name, value in values.items():
                word = word.replace(name, value)  # noqa: PLW2901 -- one after the other
            filled.append(word)
        return filled
