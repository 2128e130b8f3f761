"""Prefect's side of consent: the form, the suspended run, the deadline."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field

from domain.consent import form_counts
from domain.database.plan import DatabasePlan
from domain.plan import Plan
from domain.report.markdown import escape
from flows.prefect_runs import start_later


class Answered(RunInput):
    """What the form asks. The decision has no default: a forced resume must not take one."""

    decision: Literal["approve", "reject"] = Field(
        title="Decision", description="Approve: the plan above is carried out. Reject: nothing is changed."
    )
    your_name: str = Field(
        title="Your name", min_length=1, description="Who you are; it goes into the report."
    )
    reason: str = Field(
        default="",
        title="Why",
        description="It goes into the report. With a no: what to mend before it is asked again.",
    )
    rows_lost: int = Field(
        default=0,
        ge=0,
        title="Rows you accept to lose",
        description="Type the number that the plan says is at risk. Leave 0 where nothing is.",
    )


@dataclass(frozen=True)
class FilledIn:
    """A form as somebody sent it. `at`: when Prefect took it, which is before the run goes on."""

    decision: Literal["approve", "reject"]
    your_name: str
    reason: str
    rows_lost: int
    at: datetime


def filled_in(key: str) -> FilledIn | None:
    """What was answered to the request of this key; None where nobody did."""
    run, name = UUID(str(runtime.flow_run.id)), f"suspended-{key}-response"
    with get_client(sync_client=True) as client:
        kept = client.filter_flow_run_input(run, key_prefix=name, limit=10, exclude_keys=set())
    found = next((one for one in kept if one.key == name), None)
    if found is None:
        return None
    form = Answered.model_validate_json(found.value)
    return FilledIn(
        form.decision, form.your_name, form.reason, form.rows_lost, found.created or datetime.now(UTC)
    )


def suspend(plan: Plan, incident: str, key: str, deadline: datetime, grace_s: int) -> None:
    """Suspend the current run until somebody answers. Does not return: Prefect ends the process by its own signal."""
    form = Answered.with_initial_data(description=request_text(plan, incident, deadline))
    suspend_flow_run(wait_for_input=form, timeout=plan.deadline_s + grace_s, key=key)


def schedule_deadline(run: str, incident: str, deadline: datetime, key: str) -> None:
    """A run of its own at the deadline wakes the waiting one; one for each time it was asked."""
    start_later(
        "consent-deadline", {"run": run, "incident": incident}, deadline, key=f"deadline-{incident}-{key}"
    )


def request_text(plan: Plan, incident: str, deadline: datetime) -> str:
    """The decision as Markdown: from, to, why, what is at risk, what happens if nobody answers.

    The form shows about twelve lines of it without scrolling: what a tired person decides by comes first.
    """
    default = plan.consent.at_deadline if plan.consent and not plan.at_risk else "reject"
    move = (
        f"**{escape(plan.from_release)}** in {escape(plan.from_slot)} → **{escape(plan.to_release)}**"
        f" in {escape(plan.to_slot)}. Severity **{plan.severity}**."
    )
    reasons = "\n".join(
        f"- {escape(why)}" for why in [*plan.why, *([plan.proposal] if plan.proposal else [])]
    )
    typed = f"\n\n**Type {plan.confirm_rows} below: so many rows are lost.**" if plan.confirm_rows else ""
    rows = [
        *([("Database", _database(plan.database))] if plan.database else []),
        ("Unanswered", f"{default} at {deadline:%H:%M:%S} UTC"),
        ("Takes", _takes(plan.eta_s)),
        ("Acts", ", ".join(plan.acts)),
        ("Incident", incident),
    ]
    table = "\n".join(f"| {name} | {escape(value)} |" for name, value in rows)
    risk = escape("; ".join(plan.at_risk) or "nothing known")
    title = f"## Roll back {escape(plan.application)}?{_cannot_answer(plan, incident)}"
    return f"{title}\n\n{move}{typed}\n\n{reasons}\n\n| At risk | {risk} |\n|---|---|\n{table}\n"


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
    """Said first where the policy wants two people, or proof of who answers: a form gives neither."""
    if plan.consent is None or form_counts(plan.consent):
        return ""
    return f"\n\n**This form cannot answer:** use `backout approve {incident}` (or `reject`)."
