"""A plan as a table in Prefect's UI."""

from prefect.artifacts import create_table_artifact

from domain.names import block_name
from domain.plan import Plan
from domain.release import placed


def show_plan(plan: Plan) -> None:
    """The plan of a dry run as an artifact."""
    rows = [
        {"what": "decision", "value": plan.said},
        {"what": "from", "value": placed(plan.from_release, plan.from_slot)},
        {"what": "to", "value": placed(plan.to_release, plan.to_slot)},
        {"what": "severity", "value": plan.severity},
        *({"what": "why", "value": reason} for reason in plan.why),
        *({"what": "brings", "value": line} for line in plan.brings),
        *(
            [{"what": "blind", "value": "nobody can look at the target before it serves"}]
            if plan.blind
            else []
        ),
        *({"what": "at risk", "value": risk} for risk in plan.at_risk),
        {"what": "acts", "value": ", ".join(plan.acts)},
    ]
    create_table_artifact(
        rows, key=f"plan-{block_name(plan.application)}", description="What would be done, and why"
    )
