"""What `backout apply` would change: of the document that the store keeps, and of a block that drifted."""

import difflib
from dataclasses import dataclass

import yaml

from blocks.configuration import Described
from blocks.installation import Installation
from blocks.store import configurations
from blocks.store.configurations import Applied
from deployments.drift import drifts
from domain.errors import UnknownApplication


@dataclass(frozen=True)
class Change:
    """What applying would change of one application.

    Attributes:
        diff: a unified diff of its document; empty where nothing.
        drift: how its block differs from what was applied; empty where it does not, None where Prefect did not say.
    """

    described: Described
    diff: str
    drift: str | None = ""

    @property
    def verb(self) -> str:
        """`new`, `changed`, `drifted` or `unchanged`."""
        if not self.diff:
            return "drifted" if self.drift else "unchanged"
        return "new" if self.diff.startswith("--- nothing") else "changed"


def changes(here: Installation, described: list[Described]) -> list[Change]:
    """Each application beside what the store keeps of it, and its block beside that."""
    applied = {one.name: _applied(here, one.name) for one in described}
    drift = drifts(here, [name for name, known in applied.items() if known])
    return [Change(one, _diff(applied[one.name], one), drift.get(one.name, "")) for one in described]


def _applied(here: Installation, application: str) -> Applied | None:
    try:
        return configurations.of(here.store.database, application)
    except UnknownApplication:
        return None


def _diff(before: Applied | None, after: Described) -> str:
    if before is not None and before.digest == after.digest:
        return ""
    old = yaml.safe_dump(before.document, sort_keys=True).splitlines() if before else []
    new = yaml.safe_dump(dict(after.raw), sort_keys=True).splitlines()
    name = "applied" if before else "nothing"
    return "\n".join(difflib.unified_diff(old, new, name, after.source, lineterm=""))
