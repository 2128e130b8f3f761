"""The deployments of Backout, as data: what can be started, and what a tired person reads before starting it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WORK_POOL = "backout"
WORKER_TYPE = "backout-warm"

ROOT = Path(__file__).resolve().parent.parent
"""Folder that holds the rooms: the checkout, or site-packages."""

DESCRIPTIONS = Path(__file__).resolve().parent / "descriptions"

EMERGENCY_TAG = "emergency"
"""A run with this tag may take the place that is kept free for emergencies."""

WATCH_TAG = "watch"
"""A run with this tag only looks, and for long: it takes none of the places of runs that act."""

RESUMABLE_TAG = "resumable"
"""A run with this tag that crashed is started again: its flow looks first, and does only what is left."""


@dataclass(frozen=True)
class Catalogued:
    """One deployment.

    Attributes:
        name: the deployment's name, and the word people use for it.
        entrypoint: `package.module:flow function`.
        description: Markdown, shown in Prefect's UI above the form.
        tags: carried by every run of it.
        emergency: whether its runs may take the place kept free for emergencies.
        schedule: a cron line in UTC, or none.
    """

    name: str
    entrypoint: str
    description: str
    tags: tuple[str, ...] = ()
    emergency: bool = False
    schedule: str | None = None

    @property
    def module(self) -> str:
        """The module that the flow is imported from."""
        return self.entrypoint.partition(":")[0]

    @property
    def file_entrypoint(self) -> str:
        """The same entrypoint as a file below `ROOT`, the way Prefect's stock workers load flows."""
        module, _, function = self.entrypoint.partition(":")
        return f"{module.replace('.', '/')}.py:{function}"

    @property
    def all_tags(self) -> list[str]:
        """Its tags, with the one that marks an emergency."""
        return sorted({*self.tags, *([EMERGENCY_TAG] if self.emergency else [])})


def modules(catalog: Sequence[Catalogued]) -> list[str]:
    """The modules to import before the first run, each once."""
    return sorted({entry.module for entry in catalog})


def _runbook(
    name: str, *tags: str, flow: str = "", emergency: bool = False, schedule: str | None = None
) -> Catalogued:
    """The entry of the flow whose name is the deployment's, with the words of `descriptions/NAME.md`."""
    function = flow or name.replace("-", "_")
    text = (DESCRIPTIONS / f"{name}.md").read_text(encoding="utf-8")
    entrypoint = f"flows.{function}:{function}"
    return Catalogued(name, entrypoint, text, (*tags, RESUMABLE_TAG), emergency=emergency, schedule=schedule)


CATALOG: tuple[Catalogued, ...] = (
    _runbook("rollback", "rollback"),
    _runbook("failed-deployment", "rollback"),
    _runbook("post-deploy-issue", "rollback"),
    _runbook("performance-degradation", "rollback"),
    _runbook("third-party-failure", "rollback"),
    _runbook("api-breaking-change", "rollback"),
    _runbook("service-outage", "rollback"),
    _runbook("security-vulnerability", "rollback"),
    _runbook("standard-rollback", "rollback", "database"),
    _runbook("hotfix", "rollback"),
    _runbook("restart", "rollback"),
    _runbook("shift-traffic", "rollback"),
    _runbook("emergency", "rollback", emergency=True),
    _runbook("deploy", "deploy"),
    _runbook("promote", "deploy"),
    _runbook("decommission", "deploy"),
    _runbook("migration-failure", "rollback", "database"),
    _runbook("data-corruption", "rollback", "database"),
    _runbook("restore-database", "database"),
    _runbook("migrate-down", "database"),
    _runbook("swap-back", "database"),
    _runbook("backup-database", "database"),
    _runbook("rehearse-migrations", "database"),
    _runbook("soak", WATCH_TAG),
    _runbook("follow-up", WATCH_TAG),
    _runbook("drill", WATCH_TAG),
    _runbook("readiness", WATCH_TAG, schedule="*/15 * * * *"),
    _runbook("consent-deadline", "consent"),
    _runbook("automation-failed", "automation"),
    _runbook("report", "report", flow="amend_report"),
)
