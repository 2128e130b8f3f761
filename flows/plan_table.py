"""A plan as a table in Prefect's UI."""

from prefect.artifacts import create_table_artifact

from domain.names import block_name
from domain.plan import Plan


def show_plan(plan: Plan) -> None:
    """The plan of a dry run as an artifact."""
    rows = [
        {"what": "decision", "value": plan.decision},
        {"what": "from", "value": f"{plan.from_release} in {plan.from_slot}"},
        {"what": "to", "value": f"{plan.to_release} in {plan.to_slot}"},
        {"what": "severity", "value": plan.severity},
        *({"what": "why", "value": reason} for reason in plan.why),
        *({"what": "at risk", "value": risk} for risk in plan.at_risk),
        {"what": "acts", "value": ", ".join(plan.acts)},
    ]
    create_table_artifact(
        rows, key=f"plan-{block_name(plan.application)}", description="What would be done, and why"
    )
