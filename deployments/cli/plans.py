"""Showing a plan in the terminal."""

from rich.table import Table
from rich.text import Text

from deployments.cli.output import as_json, console
from domain.plan import Decision, Plan

REFUSES = (Decision.HOLD, Decision.WONT_HELP, Decision.FIX_FORWARD)


def show_plan(plan: Plan, *, json: bool, hindered: tuple[str, str] | None = None) -> None:
    """From, to, why, what is at risk, whom it asks. `hindered`: what keeps every run from acting, and the next step."""
    if json:
        problems = [{"what": hindered[0], "next": hindered[1]}] if hindered else []
        as_json({**plan.model_dump(mode="json"), "problems": problems})
        return
    rows = Table.grid(padding=(0, 2, 0, 0))
    consent = (
        f"{plan.consent.people} within {plan.deadline_s} s, else {plan.consent.at_deadline}"
        if plan.consent
        else "nobody"
    )
    rows.add_row("from", _place(plan.from_release, plan.from_slot))
    rows.add_row("to", _place(plan.to_release, plan.to_slot))
    rows.add_row("severity", f"{plan.severity}, RTO {plan.rto_s} s")
    for number, why in enumerate([*plan.why, *([plan.proposal] if plan.proposal else [])]):
        rows.add_row("" if number else "why", Text(why))
    for risk in plan.at_risk:
        rows.add_row("[red]at risk[/red]", Text(risk))
    rows.add_row("asks", consent)
    rows.add_row("acts", " → ".join(plan.acts) or "none")
    style = "bold red" if plan.decision in REFUSES else "bold"
    console.print(f"{plan.application}: {plan.decision}", style=style, highlight=False)
    console.print(rows)
    if hindered:
        console.print(hindered[0], style="bold red", markup=False, highlight=False, soft_wrap=True)
        console.print(f"next: {hindered[1]}", markup=False, highlight=False, soft_wrap=True)


def _place(release: str | None, slot: str | None) -> str:
    return f"{release or 'an unknown release'} in {slot}" if slot else "-"
