"""Showing a plan in the terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from deployments.cli.output import as_json, console
from domain.gate import closed, gate_of
from domain.plan import Decision, Plan
from domain.policy import Consent
from domain.release import placed

REFUSES = (Decision.HOLD, Decision.WONT_HELP, Decision.FIX_FORWARD)


def show_plan(plan: Plan, *, json: bool, hindered: tuple[str, str] | None = None) -> None:
    """From, to, why, what is at risk, whom it asks. `hindered`: what keeps every run from acting, and the next step."""
    if json:
        problems = [{"what": hindered[0], "next": hindered[1]}] if hindered else []
        as_json({**plan.model_dump(mode="json"), "problems": problems})
        return
    rows = Table.grid(padding=(0, 2, 0, 0))
    rows.add_row("from", _place(plan.from_release, plan.from_slot))
    rows.add_row("to", _place(plan.to_release, plan.to_slot))
    rows.add_row("severity", f"{plan.severity}, RTO {plan.rto_s} s")
    for number, why in enumerate([*plan.why, *([plan.proposal] if plan.proposal else [])]):
        rows.add_row("" if number else "why", Text(why))
    for number, line in enumerate(plan.brings):
        rows.add_row("" if number else "brings", Text(line))
    if plan.blind:
        rows.add_row(
            "[red]blind[/red]", "there is no standby: nobody can look at the target before it serves"
        )
    for risk in plan.at_risk:
        rows.add_row("[red]at risk[/red]", Text(risk))
    if plan.rollout and len(plan.rollout.steps) > 1:
        rows.add_row("shares", " → ".join(f"{share} %" for share in plan.rollout.steps))
    rows.add_row("asks", _consent(plan))
    if plan.rollout and plan.rollout.keeper and gate_of(plan) is None:
        rows.add_row("", _gates(plan, plan.rollout.gates, plan.rollout.keeper))
    if plan.offers:
        rows.add_row("instead", ", ".join(plan.offers))
    rows.add_row("acts", " → ".join(plan.acts) or "none")
    style = "bold red" if plan.decision in REFUSES else "bold"
    console.print(f"{plan.application}: {plan.said}", style=style, highlight=False)
    console.print(rows)
    if hindered:
        console.print(hindered[0], style="bold red", markup=False, highlight=False, soft_wrap=True)
        console.print(f"next: {hindered[1]}", markup=False, highlight=False, soft_wrap=True)


def _consent(plan: Plan) -> str:
    if plan.consent is None:
        return "nobody before it begins" if plan.rollout and plan.rollout.gates else "nobody"
    return f"{_asked(plan.consent)} within {plan.deadline_s} s, else {closed(plan) or plan.unanswered}"


def _gates(plan: Plan, gates: Sequence[int], keeper: Consent) -> str:
    """Where a deploy asks again."""
    where = ", ".join(f"{gate} %" for gate in gates)
    return f"at {where}: {_asked(keeper)} within {keeper.deadline_s} s, else all traffic goes back to {plan.from_release}"


def _asked(consent: Consent) -> str:
    """`2 of on-call, lead`; the number alone where anybody may answer."""
    return f"{consent.people} of {', '.join(consent.approvers)}" if consent.approvers else str(consent.people)


def _place(release: str | None, slot: str | None) -> str:
    return placed(release, slot) if slot else "-"
