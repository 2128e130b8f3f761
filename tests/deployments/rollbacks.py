"""A real `backout serve`, applications on real slots behind it, and runs of its deployments."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterIdempotencyKey, FlowRunFilterName
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from prefect.states import Cancelling

from blocks import configuration
from blocks.home import Home
from blocks.installation import serving
from deployments.applying import apply
from deployments.catalog import ROOT
from deployments.prefect_api import PrefectApi
from domain.incident import Incident
from domain.outcomes import Outcome
from tests.deployments.process_tree import below, end_now, runs
from tests.deployments.served import wait_for
from tests.flows.stage import Scene, Stage

COMMAND = [sys.executable, "-m", "deployments.cli"]
PAUSES = """\
#!/bin/sh
# A check that says which process asks, and waits there as long as it is told to.
echo "$PPID" > "$0.asked"
while [ -e "$0.wait" ]; do sleep 0.05; done
"""


@dataclass
class Service:
    """A running `backout serve`."""

    home: Home
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, home: Home) -> "Service":
        home.ensure()
        with (home.root / "output").open("ab") as output:
            process = subprocess.Popen(
                [*COMMAND, "serve"],
                env=os.environ | {"BACKOUT_HOME": str(home.root)},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        service = cls(home, process)
        wait_for(service.ready, f"serve: {service.output()}")
        return service

    def ready(self) -> bool:
        assert self.process.poll() is None, self.output()
        found = serving(self.home)
        return found is not None and found["pid"] == self.process.pid

    def output(self) -> str:
        return (self.home.root / "output").read_text()[-3000:]

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(120)

    def kill_all(self) -> None:
        """`kill -9` of serve, Prefect's server, the worker's processes, every run, and the store's PostgreSQL."""
        postmaster = int((self.home.postgres / "postmaster.pid").read_text().split()[0])
        doomed = [*below(self.process.pid), self.process.pid, *below(postmaster), postmaster]
        for pid in doomed:
            end_now(pid)
        self.process.wait()
        for pid in doomed:
            wait_for(lambda pid=pid: not runs(pid), f"the end of process {pid}")  # type: ignore[misc]

    @contextmanager
    def client(self) -> Iterator[SyncPrefectClient]:
        found = json.loads(self.home.serve_file.read_text())
        settings = {
            PREFECT_API_URL: found["prefect_api_url"],
            PREFECT_API_AUTH_STRING: Path(found["auth_file"]).read_text(),
        }
        with temporary_settings(settings), get_client(sync_client=True) as client:
            yield client


def _named(name: str) -> FlowRunFilter:
    return FlowRunFilter(name=FlowRunFilterName(any_=[name]))


class Shop:
    """One applied application, and runs on it."""

    def __init__(self, service: Service, scene: Scene, folder: Path) -> None:
        self.service = service
        self.scene = scene
        self.file = folder / "backout.yaml"
        self.pause = folder / "pause"
        self.api = PrefectApi.find(service.home)

    @property
    def stage(self) -> Stage:
        return self.scene.stage

    def apply(self, policy: dict[str, Any]) -> None:
        """With a check that can be made to wait, and a watch that is soon over."""
        self.pause.write_text(PAUSES)
        self.pause.chmod(0o700)
        check = {"kind": "command", "name": "pause", "argv": [str(self.pause)]}
        self.scene.raw |= {
            "checks": [check],
            "watch": {"enabled": False},
            "policy": {"preset": "default", "watch_s": 1, **policy},
        }
        self.file.write_text(yaml.safe_dump({"applications": [self.scene.raw]}))
        with self.scene.installation() as here, self.service.client():
            apply(here, configuration.read([self.file]), "ann")

    def start(self, runbook: str = "rollback", **fields: Any) -> str:
        """A run by API, as the UI's form makes it; its id."""
        given = {"application": self.api.application_block(self.scene.name), "reason": "checkout is broken"}
        return self.api.start(runbook, {**given, **fields}, tags=[])

    def cancel(self, run: str) -> None:
        """As the UI's button does."""
        with self.service.client() as client:
            client.set_flow_run_state(UUID(run), Cancelling())

    def wait_message(self, run: str, words: str) -> str:
        """The state's message, once it holds these words."""

        def said() -> str | None:
            message = self.api.state(run).message
            return message if words in message else None

        return wait_for(said, f"{words!r} of {run}, it is {self.api.state(run)}")

    def has(self, kind: str) -> bool:
        """Whether the application has an incident with an entry of this kind."""
        with self.scene.installation() as here:
            return any(
                entry.kind == kind
                for incident in here.store.incidents(self.scene.name)
                for entry in here.store.entries(incident.id)
            )

    def kinds(self) -> list[str]:
        """The kinds of the only incident's entries, in order."""
        with self.scene.installation() as here:
            return [entry.kind for entry in here.store.entries(self.scene.incident().id)]

    def watch_of(self, incident: str) -> tuple[str, int] | None:
        """The run that watches after this incident, and its process."""
        with self.service.client() as client:
            for run in client.read_flow_runs(flow_run_filter=_named(f"soak-{incident}")):
                if run.infrastructure_pid:
                    return str(run.id), int(run.infrastructure_pid)
        return None

    def keyed(self, key: str) -> FlowRun:
        """The run that another one started under this key, once there is one."""
        wanted = FlowRunFilter(idempotency_key=FlowRunFilterIdempotencyKey(any_=[key]))

        def known() -> FlowRun | None:
            with self.service.client() as client:
                return next(iter(client.read_flow_runs(flow_run_filter=wanted)), None)

        return wait_for(known, f"the run {key}; {self.service.output()}")

    def wait_outcome(self, run: str) -> Outcome:
        """The incident's outcome, once the application is free again."""

        def ended() -> Outcome | None:
            with self.scene.installation() as here:
                free = here.store.holder(self.scene.name) is None
            return self.incident_of(run).outcome if free else None

        return wait_for(ended, f"the end of {run}'s incident; {self.service.output()}")

    def moments(self) -> list[str]:
        """What people were told of the only incident, in order."""
        with self.scene.installation() as here, here.store.database.transaction() as connection:
            rows = connection.execute(
                "SELECT message ->> 'moment' AS moment FROM outbox WHERE incident = %s ORDER BY id",
                [self.scene.incident().id],
            )
            return [row["moment"] for row in rows]

    def wait_state(self, run: str, *names: str) -> str:
        """The state's message, once it has one of these names."""

        def reached() -> str | None:
            state = self.api.state(run)
            return (state.message or " ") if state.name in names else None

        return wait_for(reached, f"{names}, it is {self.api.state(run)}; {self.service.output()}")

    def history(self, run: str) -> list[str]:
        with self.service.client() as client:
            return [state.name or "" for state in client.read_flow_run_states(self.read(run).id)]

    def read(self, run: str) -> FlowRun:
        with self.service.client() as client:
            return client.read_flow_run(UUID(run))

    def kill_process_of(self, run: str) -> None:
        """`kill -9`."""
        process = self.read(run).infrastructure_pid
        assert process is not None
        os.kill(int(process), signal.SIGKILL)

    def hold_verification(self) -> None:
        """The next verification does not end before `let_go`."""
        Path(f"{self.pause}.wait").touch()

    def let_go(self) -> None:
        Path(f"{self.pause}.wait").unlink(missing_ok=True)

    def verifying_process(self) -> int:
        """The run that is in its verification, right after the switch."""
        asked = Path(f"{self.pause}.asked")
        return wait_for(lambda: int(asked.read_text() or 0) if asked.exists() else None, "the verification")

    def incident_of(self, run: str) -> Incident:
        with self.scene.installation() as here:
            incident = here.store.incident_of(run)
            assert incident is not None
            return here.store.incident(incident)

    def run_command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One of the CLI's commands on the same home."""
        environment = os.environ | {"BACKOUT_HOME": str(self.service.home.root)}
        return subprocess.run(
            [*COMMAND, *arguments], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
