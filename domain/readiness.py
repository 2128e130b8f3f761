"""Readiness: can an application go back right now, and how long would it take? The verdict of the whole, and its words."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.checkup import Checkup
from domain.findings import Finding, Verdict
from domain.names import application_name
from domain.report.markdown import duration

NOT_NEEDED = ("rehearsal", "channels", "eta", "pinned")
"""Checks that keep nobody from going back where nothing could be seen of them. What is bad of them counts as any other."""


class Check(BaseModel):
    """One check, and what it saw; `checkups` is never empty."""

    model_config = ConfigDict(frozen=True)

    name: str
    checkups: list[Checkup] = Field(min_length=1)

    @property
    def verdict(self) -> Verdict:
        """The worst of what it saw."""
        seen = {checkup.finding.verdict for checkup in self.checkups}
        return next(one for one in (Verdict.BAD, Verdict.NO_DATA, Verdict.OK) if one in seen)

    @property
    def stands_in_the_way(self) -> bool:
        """Whether nobody can count on going back because of it: it is bad, or is needed and could not be seen."""
        unseen = self.verdict is Verdict.NO_DATA and self.name not in NOT_NEEDED
        return self.verdict is Verdict.BAD or unseen

    @property
    def said(self) -> str:
        """One line: what is not ok, or all there is."""
        findings = [checkup.finding for checkup in self.checkups]
        trouble = [finding for finding in findings if finding.verdict is self.verdict]
        return "; ".join(_line(finding) for finding in (trouble or findings))

    @property
    def next_steps(self) -> list[str]:
        """The mildest command for each thing that is not ok."""
        wrong = [checkup for checkup in self.checkups if not checkup.finding.ok and checkup.remedies]
        return list(dict.fromkeys(checkup.remedies[0].command for checkup in wrong))


class Readiness(BaseModel):
    """What one look at an application found.

    Attributes:
        target: the release to go back to, with its slot, for people; empty where there is none.
        eta_s: the median of past rollbacks of this application, those of drills among them; else of drills of it
            elsewhere; None where there was none.
        runs: how many that median is of.
        eta_of: what they were, `rollbacks` or `drills of shop/staging`.
        rto_s: what the policy promises for the worst severity; None where the document cannot be read.
    """

    model_config = ConfigDict(frozen=True)

    application: str
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    checks: list[Check]
    target: str = ""
    eta_s: float | None = None
    runs: int = 0
    eta_of: str = "rollbacks"
    rto_s: float | None = None

    @property
    def causes(self) -> list[Check]:
        """What stands in the way; empty where one can go back."""
        return [check for check in self.checks if check.stands_in_the_way]

    @property
    def ready(self) -> bool:
        """Whether one can go back right now. Where nothing was looked at nothing is known, and that is no yes."""
        return bool(self.checks) and not self.causes

    @property
    def takes(self) -> str:
        """How long it would take, and what that rests on."""
        if self.eta_s is None:
            return "not known: there was no rollback of it yet, and no drill of it elsewhere"
        past = f"median of {self.runs} past {self.eta_of}" if self.runs > 1 else self._as_before
        late = self.rto_s is not None and self.eta_s > self.rto_s
        promised = f"; longer than the {duration(self.rto_s or 0)} that its policy promises" if late else ""
        return f"{duration(self.eta_s)} ({past}){promised}"

    @property
    def _as_before(self) -> str:
        return "as the one before" if self.eta_of == "rollbacks" else f"as in one of the {self.eta_of}"

    @property
    def said(self) -> str:
        """One line for people."""
        if self.ready:
            return f"ready: back to {self.target or 'the last good release'} in {self.takes}"
        names = ", ".join(check.name for check in self.causes) or "nothing could be looked at"
        return f"not ready: {names}"


def difference(before: Readiness, now: Readiness) -> list[str]:
    """What stands in the way now and did not before, and what does no longer; one line each."""
    was = {check.name for check in before.causes}
    news = [f"{check.name}: {check.said}" for check in now.causes if check.name not in was]
    left = {check.name for check in now.causes}
    again = [
        f"{check.name} is ok again: {check.said}"
        for check in now.checks
        if check.name in was and check.name not in left
    ]
    return [*news, *again]


def _line(finding: Finding) -> str:
    """What was seen, and where, unless that is the application as a whole."""
    on = "" if finding.ok or finding.on == finding.name or _is_application(finding.on) else f"{finding.on}: "
    return f"{on}{finding.said}"


def _is_application(on: str) -> bool:
    try:
        application_name(on)
    except ValueError:
        return False
    return True
