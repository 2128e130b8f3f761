"""Names of runs that a person can read in a list."""

from prefect import runtime


def run_name() -> str:
    """`performance-degradation shop/production`."""
    application = runtime.flow_run.parameters.get("application")
    return f"{runtime.flow_run.flow_name} {getattr(application, 'name', '')}".strip()
