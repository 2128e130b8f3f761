"""Showing a plan in the terminal."""

from blocks.document import Document
from blocks.installation import Installation
from deployments.cli.output import as_json, console, table
from domain.assess import assess
from domain.plan import Plan
from domain.request import Request
from tasks.assess import situation_of_request
from tasks.survey import look_around


def plan_of(here: Installation, document: Document, request: Request) -> Plan:
    """What would be done for the request now. Changes nothing."""
    return assess(situation_of_request(here.store, document, request, look_around(document)))


def show_plan(plan: Plan, *, json: bool) -> None:
    """From, to, why, what is at risk, whom it asks."""
    if json:
        as_json(plan.model_dump(mode="json"))
        return
    rows = table(f"{plan.application}: {plan.decision}", "", "")
    consent = (
        f"{plan.consent.people} within {plan.deadline_s} s, else {plan.consent.at_deadline}"
        if plan.consent
        else "nobody"
    )
    rows.add_row("from", f"{plan.from_release} in {plan.from_slot}")
    rows.add_row("to", f"{plan.to_release} in {plan.to_slot}")
    rows.add_row("severity", f"{plan.severity}, RTO {plan.rto_s} s")
    for why in [*plan.why, *([plan.proposal] if plan.proposal else [])]:
        rows.add_row("why", why)
    for risk in plan.at_risk:
        rows.add_row("[red]at risk[/red]", risk)
    rows.add_row("asks", consent)
    rows.add_row("acts", " → ".join(plan.acts) or "none")
    console.print(rows)
