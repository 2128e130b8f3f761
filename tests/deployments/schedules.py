"""The schedules of a running `serve`, changed as a person does in Prefect's UI."""

from tests.deployments.rollbacks import Service


def be_ready(service: Service, *, active: bool) -> None:
    """Pause the schedule of `readiness`, or let it go on."""
    with service.client() as client:
        found = client.read_deployment_by_name("readiness/readiness")
        [one] = found.schedules
        client.update_deployment_schedule(found.id, one.id, active=active)
