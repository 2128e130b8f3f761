"""What a request for consent says in Prefect's form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.consent import form_counts
from domain.contacts import Step
from domain.database.plan import DatabasePlan
from domain.gate import closed, gate_of
from domain.plan import Decision, Plan
from domain.policy import AtDeadline
from domain.report.markdown import address, escape
from domain.shares import in_words


@dataclass(frozen=True)
class Beside:
    """What a request says beside its plan.

    Attributes:
        calls: whom it goes to if nobody answers.
        dashboards: name -> URL.
        drill: whether a drill caused it; who answers must know.
    """

    calls: Sequence[Step] = ()
    dashboards: Mapping[str, str] = field(default_factory=dict)
    drill: bool = False


ALONE = Beside()

ASKED = {Decision.RESTART: "Restart", Decision.SHIFT: "Shift traffic of", Decision.DEPLOY: "Deploy to"}
"""What a yes would do, where it is not to roll back."""


def request_text(plan: Plan, incident: str, deadline: datetime, beside: Beside = ALONE) -> str:
    """The decision as Markdown: from, to, why, what is at risk, what happens if nobody answers.

    What a tired person decides by comes first. Paragraphs and single list items only: Prefect's form joins the lines of
    all else, a table's too.
    """
    typed = [f"**Type {plan.confirm_rows} below: so many rows are lost.**"] if plan.confirm_rows else []
    why = [*plan.why, *([plan.proposal] if plan.proposal else [])]
    return "\n\n".join(
        [
            f"## {_asked(plan)} {escape(plan.application)}?{_cannot_answer(plan, incident)}",
            *(["**This is a drill.** Answer as you would."] if beside.drill else []),
            f"{_move(plan)}. Severity **{plan.severity}**.",
            *typed,
            *(f"- {escape(reason)}" for reason in why),
            *(f"**{name}:** {said}" for name, said in _terms(plan, incident, deadline, beside)),
        ]
    )


def _asked(plan: Plan) -> str:
    if plan.forward:
        return "Put a fix in place of"
    return "Go on with the deploy to" if gate_of(plan) else ASKED.get(plan.decision, "Roll back")


def _terms(plan: Plan, incident: str, deadline: datetime, beside: Beside) -> list[tuple[str, str]]:
    """What a yes costs, and what happens without one; the values are Markdown."""
    blind = "no standby: nobody can look at the target before it serves"
    approvers = plan.consent.approvers if plan.consent else []
    rows = [
        ("At risk", "; ".join(plan.at_risk) or "nothing known"),
        ("Blind", blind if plan.blind else ""),
        ("Database", _database(plan.database) if plan.database else ""),
        ("Brings", "; ".join(plan.brings)),
        ("Unanswered", _unanswered(plan, deadline, beside.calls)),
        ("Asked", ", ".join(approvers)),
        ("Takes", _takes(plan.eta_s)),
        ("Acts", ", ".join(plan.acts)),
        ("Incident", incident),
    ]
    links = ", ".join(f"[{escape(name)}](<{address(url)}>)" for name, url in beside.dashboards.items())
    return [(name, escape(said)) for name, said in rows if said] + ([("Look at", links)] if links else [])


def _move(plan: Plan) -> str:
    """From where to where; a restart goes nowhere."""
    to = f"**{escape(plan.to_release)}**{_in(plan.to_release, plan.to_slot)}"
    if plan.decision is Decision.RESTART:
        return f"{to} is restarted in place, and stays"
    shares = f": {escape(in_words(plan.to_shares))}" if plan.to_shares else ""
    return f"**{escape(plan.from_release)}**{_in(plan.from_release, plan.from_slot)} → {to}{shares}"


def _unanswered(plan: Plan, deadline: datetime, calls: Sequence[Step]) -> str:
    """What happens if nobody answers; with an escalation path whom it goes to on the way."""
    path = "".join(f"{step}; " for step in calls)
    end = "approve" if plan.unanswered is AtDeadline.APPROVE else closed(plan) or "reject"
    return f"{path}{end} at {deadline:%H:%M:%S} UTC"


def _in(release: str | None, slot: str | None) -> str:
    """The slot, where it says more than the release."""
    return "" if slot == release else f" in {escape(slot)}"


def _takes(eta_s: float | None) -> str:
    """What past rollbacks took; a fast one is not told as 0 s."""
    if eta_s is None:
        return "not known yet"
    return "under a second" if eta_s < 1 else f"about {eta_s:.0f} s"


def _database(database: DatabasePlan) -> str:
    """`down-migrate 0003 to 0002 (schema, then code), about 0.4 s`."""
    takes = database.chosen.seconds
    way = f"{database.from_version or '?'} to {database.to_version or database.from_version or '?'}"
    return f"{database.action}, {way} ({database.order})" + (
        f", about {takes:.1f} s" if takes is not None else ""
    )


def _cannot_answer(plan: Plan, incident: str) -> str:
    """Said first where the policy wants two people, or proof of who answers: a name in a form gives neither."""
    if plan.consent is None or form_counts(plan.consent):
        return ""
    code = f"give a code from `backout approve-code {incident}`"
    return f"\n\n**A name alone does not count here:** {code}, or use `backout approve {incident}` (or `reject`)."
