"""Prefect's side of consent: the form, the suspended run, the deadline."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field, create_model

from domain.consent import Answer, form_counts
from domain.gate import closed
from domain.offers import SHIFT, said
from domain.plan import Plan
from domain.report.request_text import ALONE, Beside, request_text
from domain.request import HOTFIX
from flows.prefect_runs import start_later


class Answered(RunInput):
    """What a form may ask. The decision has no default: a forced resume must not take one."""

    decision: str = Field(title="Decision", min_length=1)
    your_name: str = Field(
        title="Your name", min_length=1, description="Who you are; it goes into the report."
    )
    code: str = Field(
        default="",
        max_length=100,
        title="Code",
        description="Proves who you are: from `backout approve-code`, or Slack.",
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
        description="Only with the decision `shift`: how much of the traffic the old release gets.",
    )
    reason: str = Field(
        default="",
        title="Why",
        description="It goes into the report. With a no: what to mend first.",
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


def form_of(plan: Plan, text: str = "") -> type[RunInput]:
    """The form with what can be decided here: yes, no, and what the plan offers instead; `text` stands before it.

    On a small screen Prefect's form takes the room of its fields from the form's own description, down to nothing. So
    the text is the first field's, and a field that cannot count here is left out.
    """
    instead = "".join(f" **{name}**: {said(name)} instead." for name in plan.offers)
    choices = (
        f"**approve**: this plan is carried out. **reject**: {closed(plan) or 'nothing is changed'}.{instead}"
    )
    decision = Field(
        title="Decision",
        description=f"{text}\n\n{choices}".lstrip(),
        json_schema_extra={"enum": [Answer.APPROVE, Answer.REJECT, *plan.offers]},
    )
    asked: Any = {name: (info.annotation, info) for name, info in Answered.model_fields.items()}
    left_out = {name for name, counts in _counting(plan).items() if not counts}
    kept = {name: field for name, field in asked.items() if name not in left_out}
    return create_model("Answered", __base__=RunInput, **kept | {"decision": (str, decision)})


def _counting(plan: Plan) -> dict[str, bool]:
    """Of the fields that are not in every form, which count in this one."""
    return {
        "code": plan.consent is not None and not form_counts(plan.consent),
        "rows_lost": plan.confirm_rows > 0,
        "fix_release": HOTFIX in plan.offers,
        "share": SHIFT in plan.offers,
    }


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
    suspend_flow_run(wait_for_input=form_of(plan, text), timeout=int(left) + grace_s, key=key)


def page_of_run() -> str:
    """The run's page in Prefect's UI, where its form is; empty where it has none."""
    return str(runtime.flow_run.ui_url or "")


def schedule_deadline(run: str, incident: str, deadline: datetime, key: str) -> None:
    """A run of its own at the deadline wakes the waiting one; one for each time it was asked."""
    start_later(
        "consent-deadline", {"run": run, "incident": incident}, deadline, key=f"deadline-{incident}-{key}"
    )
