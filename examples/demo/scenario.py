"""What happens in the demo, act by act, each a step on the screen."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from blocks import configuration
from blocks.document import Document
from blocks.installation import installation
from blocks.platforms.contract import Standing
from blocks.platforms.processes import Processes
from blocks.store import Store
from deployments.follow import steps_of
from deployments.serving import Serving
from domain.incident import Incident
from domain.journal import Entry
from domain.journal_kinds import Happened
from domain.outcomes import Outcome
from examples.demo.document import APPLICATION, drill
from examples.demo.figures import Figures, measure
from examples.demo.interruption import Interruption
from examples.demo.load import Load
from examples.demo.screen import Screen
from examples.demo.stack import Release
from examples.demo.stage import Stage
from examples.demo.tally import Tally
from tasks.look import at_slot

GOOD, BAD = "1.0", "2.0"
FAULT = {"FAULT": "errors", "FAULT_AFTER": "6"}
"""Late enough that the release passes its deployment, and is found under traffic."""

SAMPLE_S = 0.5
SOAK_S = 5
FOUND_SECONDS = BACK_SECONDS = SOAKED_SECONDS = 60.0
CLIENTS, RATE = 4, 100.0
ENOUGH = 150
"""Requests that each release answers before the story goes on."""


class Scenario:
    """One play on one stage; the load that it started ends with the block."""

    def __init__(self, stage: Stage, screen: Screen, interruption: Interruption, *, ask: bool) -> None:
        self.stage = stage
        self._ask = ask
        self.screen = screen
        self.interruption = interruption
        self.load = Load(f"{stage.stack.address}/", CLIENTS, RATE)
        self._loaded = False
        self._served: tuple[str | None, str | None] = (None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end_load()

    def stand_up(self) -> None:
        """What a team has: an application of which 1.0 serves its users."""
        with self.screen.step(f"FlappyJournal stands up: PostgreSQL, Caddy, {GOOD} in blue"):
            # It needs a while, in which the application stands up.
            self.stage.start_serve()
            self.stage.stack.up()
            self.document = _document(self._describe())
            self._start("blue")
        self.load.tally.windows[0].name = f"{GOOD} serves"
        self.load.start()
        self._loaded = True

    def introduce(self) -> Serving:
        """Backout comes to know the application, and that 1.0 serves: what can be gone back to."""
        with self.screen.step("backout serve: Prefect's server, deployments, a warm worker"):
            serving = self.stage.wait_until_served(self.interruption)
        with self.screen.step("backout apply backout.yaml"):
            # Not before 1.0 answers: the watch begins with what is applied.
            self.stage.backout(self.interruption, "apply", str(self.stage.stack.configuration_file))
        with self.screen.step(f"backout record {GOOD}") as step:
            step.note = self._sent
            self.stage.backout(self.interruption, "record", APPLICATION, GOOD, "--slot", "blue")
            self._wait_for_requests()
        with installation(self.stage.home) as here:
            self.store: Store = here.store
        return serving

    def release_bad(self) -> None:
        """2.0, as a team's CI would: it looks good when it is deployed."""
        with self.screen.step(f"CI deploys {BAD} to green, records it, switches") as step:
            step.note = self._sent
            migrations = self.stage.stack.lay_out(Release(BAD))
            self._platform.deploy("green", BAD, {**FAULT, "MIGRATIONS": str(migrations)})
            self._start("green")
            self.stage.backout(self.interruption, "record", APPLICATION, BAD, "--slot", "green")
            self.load.mark(f"{BAD} serves")
            self._platform.activate("green", self._platform.route())
            self._served = (self._version(), None)

    def find(self) -> Incident:
        """Nobody says anything: Backout's own watch finds it, and a Prefect automation starts the run."""
        with self.screen.step("Backout's watch: three bad samples in a row start the rollback") as step:
            step.note = self._sent
            found = self.interruption.wait_for(
                lambda: self.store.incidents(APPLICATION), "the watch to find the bad release", FOUND_SECONDS
            )
        self.load.mark("the way back")
        return found[0]

    def take_back(self, incident: Incident) -> Incident:
        """Watch the run to its end; the incident as it ended."""
        with self.screen.step("the rollback runs") as step:
            step.note = lambda: incident.id
            ended = self.interruption.wait_for(
                lambda: self._ended(incident), "the incident's end", BACK_SECONDS
            )
        for act in steps_of(self._entries(incident)):
            self.screen.act(act.name, act.seconds, act.error)
        self.load.mark(f"after: {self._version()} serves")
        self._served = (self._served[0], self._version())
        return ended

    def soak(self, incident: Incident) -> None:
        """The watch after the rollback, short here; its end goes into the report."""
        if incident.outcome is not Outcome.ROLLED_BACK:
            return
        with self.screen.step(f"soak: traffic is watched for {SOAK_S} s more") as step:
            step.note = self._sent
            self.interruption.wait_for(lambda: self._soaked(incident), "the end of the soak", SOAKED_SECONDS)
            self._wait_for_requests()

    def end_load(self) -> Tally:
        """Let the users go; what they saw. Safe to repeat."""
        if self._loaded:
            self._loaded = False
            self.load.stop()
        return self.load.tally

    def figures(self, incident: Incident) -> Figures:
        """What was measured; the load has ended."""
        entries = self._entries(incident)
        ended = self.store.incident(incident.id)
        return measure(ended, entries, self.document.policy, self.load.tally.total, self._served)

    @property
    def _platform(self) -> Processes:
        platform = self.document.platform
        assert isinstance(platform, Processes)  # noqa: S101 - it is what this demo's document names
        return platform

    def _describe(self) -> Path:
        policy: dict[str, Any] = {"preset": "flappyjournal", "watch_s": SOAK_S}
        if self._ask:
            issue = {"name": "health-check-failure", "severity": "high", "source": "backout demo --ask"}
            policy["issues"] = [issue]
        messages = {"kind": "logfile", "name": "log", "path": str(self.stage.reports / "messages.log")}
        # This copy serves nobody, whatever it is called: `backout drill` may break it, where it is left up.
        drilled = {
            **drill(self.stage.stack, APPLICATION, sys.executable),
            "production": False,
            "schedule": None,
        }
        # Both slots hold 1.0 until a deployment says otherwise.
        return self.stage.stack.write_backout_yaml(
            Release(GOOD),
            Release(GOOD),
            policy=policy,
            watch={"every_s": SAMPLE_S},
            channels=[messages],
            evidence=str(self.stage.reports),
            drill=drilled,
            # A person who looks around does not wait for minutes before the next fault is found.
            alerts={"cool_down_s": SAMPLE_S},
        )

    def _start(self, slot: str) -> None:
        """Start the slot's release and wait until it is healthy, as any deployment does."""
        self.interruption.check()
        prepared = self._platform.prepare(slot, lambda one: at_slot(self.document, one))
        if not isinstance(prepared, Standing):
            raise TimeoutError(f"{slot} does not come up: {prepared.reason}")

    def _ended(self, incident: Incident) -> Incident | None:
        now = self.store.incident(incident.id)
        return now if now.outcome else None

    def _entries(self, incident: Incident) -> list[Entry]:
        return self.store.entries(incident.id)

    def _soaked(self, incident: Incident) -> bool:
        kinds = [entry.kind for entry in self._entries(incident)]
        return (
            Happened.WATCH_ENDED in kinds and Happened.REPORTED in kinds[kinds.index(Happened.WATCH_ENDED) :]
        )

    def _wait_for_requests(self) -> None:
        window = self.load.tally.windows[-1]
        self.interruption.wait_for(lambda: window.requests >= ENOUGH, f"{ENOUGH} requests", BACK_SECONDS)

    def _sent(self) -> str:
        total = self.load.tally.total
        return f"{total.requests} sent, {total.errors} got 5xx, {total.lost.total()} lost"

    def _version(self) -> str | None:
        """The version that users get now."""
        answer = httpx.get(f"{self.stage.stack.address}/api/health", trust_env=False, timeout=5)
        version: str | None = answer.json().get("version")
        return version


def _document(file: Path) -> Document:
    [described] = configuration.read([file])
    return configuration.document(described.raw, described.source, {})
