"""Prefect's side of consent: the form, the suspended run, the deadline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field, create_model

from domain.consent import Answer, form_counts
from domain.contacts import Step
from domain.database.plan import DatabasePlan
from domain.offers import said
from domain.plan import Decision, Plan
from domain.policy import AtDeadline
from domain.report.markdown import address, escape
from domain.shares import in_words
from flows.prefect_runs import start_later


class Answered(RunInput):
    """What the form asks. The decision has no default: a forced resume must not take one."""

    decision: str = Field(title="Decision", min_length=1)
    your_name: str = Field(
        title="Your name", min_length=1, description="Who you are; it goes into the report."
    )
    code: str = Field(
        default="",
        max_length=100,
        title="Code",
        description="Proves who you are: from `backout approve-code`, or Slack. It counts once.",
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
    fix_release: str = Field(
        default="",
        max_length=128,
        title="Release with the fix",
        description="Only with the decision `hotfix`: the release that takes the place of the bad one.",
    )
    share: int = Field(
        default=0,
        ge=0,
        le=99,
        title="Share to shift, in per cent",
        description="Only with the decision `shift`: how much of the traffic the old release gets. The rest stays where it is.",
    )


@dataclass(frozen=True)
class FilledIn:
    """A form as somebody sent it. `at`: when Prefect took it, which is before the run goes on."""

    decision: str
    your_name: str
    reason: str
    rows_lost: int
    at: datetime
    code: str = ""
    fix_release: str = ""
    share: int = 0


@dataclass(frozen=True)
class Beside:
    """What a request says beside its plan. `calls`: whom it goes to if nobody answers; `dashboards`: name -> URL."""

    calls: Sequence[Step] = ()
    dashboards: Mapping[str, str] = field(default_factory=dict)


ALONE = Beside()


def form_of(plan: Plan) -> type[Answered]:
    """The form with what can be decided here: yes, no, and what the plan offers instead."""
    instead = "".join(f" {name}: {said(name)} instead." for name in plan.offers)
    decision = Field(
        title="Decision",
        description=f"approve: the plan above is carried out. reject: nothing is changed.{instead}",
        json_schema_extra={"enum": [Answer.APPROVE, Answer.REJECT, *plan.offers]},
    )
    return create_model("Answered", __base__=Answered, decision=(str, decision))


def filled_in(key: str) -> FilledIn | None:
    """What was answered to the request of this key; None where nobody did."""
    run, name = UUID(str(runtime.flow_run.id)), f"suspended-{key}-response"
    with get_client(sync_client=True) as client:
        kept = client.filter_flow_run_input(run, key_prefix=name, limit=10, exclude_keys=set())
    found = next((one for one in kept if one.key == name), None)
    if found is None:
        return None
    form = Answered.model_validate_json(found.value)
    return FilledIn(**form.model_dump(), at=found.created or datetime.now(UTC))


def suspend(
    plan: Plan, incident: str, key: str, deadline: datetime, grace_s: int, beside: Beside = ALONE
) -> None:
    """Suspend the current run until somebody answers. Does not return: Prefect ends the process by its own signal."""
    text = request_text(plan, incident, deadline, beside)
    left = max(0.0, (deadline - datetime.now(UTC)).total_seconds())
    form = form_of(plan).with_initial_data(description=text)
    suspend_flow_run(wait_for_input=form, timeout=int(left) + grace_s, key=key)


def page_of_run() -> str:
    """The run's page in Prefect's UI, where its form is; empty where it has none."""
    return str(runtime.flow_run.ui_url or "")


def schedule_deadline(run: str, incident: str, deadline: datetime, key: str) -> None:
    """A run of its own at the deadline wakes the waiting one; one for each time it was asked."""
    start_later(
        "consent-deadline", {"run": run, "incident": incident}, deadline, key=f"deadline-{incident}-{key}"
    )


def request_text(plan: Plan, incident: str, deadline: datetime, beside: Beside = ALONE) -> str:
    """The decision as Markdown: from, to, why, what is at risk, what happens if nobody answers.

    The form shows about twelve lines of it without scrolling: what a tired person decides by comes first.
    """
    move = f"{_move(plan)}. Severity **{plan.severity}**."
    reasons = "\n".join(
        f"- {escape(why)}" for why in [*plan.why, *([plan.proposal] if plan.proposal else [])]
    )
    typed = f"\n\n**Type {plan.confirm_rows} below: so many rows are lost.**" if plan.confirm_rows else ""
    rows = [
        *([("Blind", "no standby: nobody can look at the target before it serves")] if plan.blind else []),
        *([("Database", _database(plan.database))] if plan.database else []),
        ("Unanswered", _unanswered(plan, deadline, beside.calls)),
        *([("Asked", ", ".join(plan.consent.approvers))] if plan.consent and plan.consent.approvers else []),
        *([("Instead", ", ".join(plan.offers))] if plan.offers else []),
        ("Takes", _takes(plan.eta_s)),
        ("Acts", ", ".join(plan.acts)),
        ("Incident", incident),
    ]
    table = "\n".join(
        [*(f"| {name} | {escape(value)} |" for name, value in rows), *_look_at(beside.dashboards)]
    )
    risk = escape("; ".join(plan.at_risk) or "nothing known")
    restart = plan.decision is Decision.RESTART
    shift = plan.decision is Decision.SHIFT
    asked = (
        "Put a fix in place of"
        if plan.forward
        else "Restart"
        if restart
        else "Shift traffic of"
        if shift
        else "Roll back"
    )
    title = f"## {asked} {escape(plan.application)}?{_cannot_answer(plan, incident)}"
    return f"{title}\n\n{move}{typed}\n\n{reasons}\n\n| At risk | {risk} |\n|---|---|\n{table}\n"


def _move(plan: Plan) -> str:
    """From where to where; a restart goes nowhere."""
    to = f"**{escape(plan.to_release)}**{_in(plan.to_release, plan.to_slot)}"
    if plan.decision is Decision.RESTART:
        return f"{to} is restarted in place, and stays"
    shares = f": {escape(in_words(plan.to_shares))}" if plan.to_shares else ""
    return f"**{escape(plan.from_release)}**{_in(plan.from_release, plan.from_slot)} → {to}{shares}"


def _look_at(dashboards: Mapping[str, str]) -> list[str]:
    """A row with the application's dashboards; none where it names none."""
    links = [f"[{escape(name)}](<{address(url).replace('|', '%7C')}>)" for name, url in dashboards.items()]
    return [f"| Look at | {', '.join(links)} |"] if links else []


def _unanswered(plan: Plan, deadline: datetime, calls: Sequence[Step]) -> str:
    """What happens if nobody answers; with an escalation path whom it goes to on the way."""
    path = "".join(f"{step}; " for step in calls)
    end = "approve" if plan.unanswered is AtDeadline.APPROVE else "reject"
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
