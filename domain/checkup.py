"""What `backout doctor` finds: one line of the runbook's troubleshooting tree, and what mends it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from domain.findings import Finding, Verdict


class Remedy(BaseModel):
    """What mends what is wrong.

    Attributes:
        name: as `--fix` asks for it and `Adapter.mend` takes it: `reload`, `start green`; empty where only a person can.
        command: what a person types, ready to paste. `APP` in it stands for the application, which adapters do not know.
    """

    model_config = ConfigDict(frozen=True)

    name: str = ""
    command: str


class Checkup(BaseModel):
    """One thing that was examined; something is wrong with it where the finding is bad.

    Attributes:
        finding: what was seen, and where: `Caddy container on deploy-caddy-1: exited (1)`.
        remedies: what mends it, the mildest first; empty where all is well.
        source: the runbook's section, e.g. `FlappyJournal "Rollback Script Fails" 2`.
    """

    model_config = ConfigDict(frozen=True)

    finding: Finding
    remedies: list[Remedy] = Field(default_factory=list)
    source: str = ""

    @property
    def bad(self) -> bool:
        """Whether something is wrong with it; what could not be seen is not called wrong."""
        return self.finding.bad

    @property
    def place(self) -> tuple[str, str]:
        """What was examined, and where: the same in two examinations."""
        return self.finding.name, self.finding.on


def well(name: str, on: str, said: str, source: str = "") -> Checkup:
    """All is well with it."""
    return Checkup(finding=Finding(name=name, on=on, verdict=Verdict.OK, said=said), source=source)


def wrong(name: str, on: str, said: str, *remedies: Remedy, source: str = "", symptom: str = "") -> Checkup:
    """Something is wrong with it. `remedies`: the mildest first; `symptom`: what was seen, in a few words."""
    finding = Finding(name=name, on=on, verdict=Verdict.BAD, said=said, symptom=symptom or said)
    return Checkup(finding=finding, remedies=list(remedies), source=source)


def unseen(name: str, on: str, said: str, *remedies: Remedy, source: str = "") -> Checkup:
    """It could not be looked at. `said`: why."""
    finding = Finding(name=name, on=on, verdict=Verdict.NO_DATA, said=said)
    return Checkup(finding=finding, remedies=list(remedies), source=source)
