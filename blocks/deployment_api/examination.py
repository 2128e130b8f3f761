"""What `backout doctor` finds of a deployment API."""

from blocks.deployment_api.client import STATUS, DeploymentApiClient
from blocks.deployment_api.status import ApiStatus
from domain.checkup import Checkup, Remedy
from domain.errors import NotPermitted, Unreachable
from domain.findings import Finding, Verdict

SOURCE = 'MVP-011 "Quick Reference" 1'


def examined(client: DeploymentApiClient) -> list[Checkup]:
    """Whether it answers, takes the credential, and has an environment to go back to."""
    ask = Remedy(command=f"curl -i {client.url}{STATUS}")
    try:
        status = client.status()
    except NotPermitted as error:
        renew = Remedy(command="set `platform.token` anew and run `backout apply backout.yaml`")
        return [_checkup(client, "credential", Verdict.BAD, error.why, renew)]
    except Unreachable as error:
        return [_checkup(client, "deployment API", Verdict.BAD, error.why, ask)]
    serving = status.serving
    said = f"answers: {serving.environment} serves {serving.version or 'an unknown version'}"
    return [_checkup(client, "deployment API", Verdict.OK, said), _way_back(client, status)]


def _way_back(client: DeploymentApiClient, status: ApiStatus) -> Checkup:
    previous = status.previous
    if previous is None:
        deploy = Remedy(command="deploy a release: there is nothing to go back to before the second one")
        said = "its history names no environment but the one that serves"
        return _checkup(client, "way back", Verdict.BAD, said, deploy)
    if not previous.served:
        deploy = Remedy(command=f"deploy a good release: the one in {previous.environment} did not end well")
        return _checkup(client, "way back", Verdict.BAD, previous.said, deploy)
    return _checkup(client, "way back", Verdict.OK, previous.said)


def _checkup(
    client: DeploymentApiClient, name: str, verdict: Verdict, said: str, *remedies: Remedy
) -> Checkup:
    finding = Finding(name=name, on=client.url, verdict=verdict, said=said)
    return Checkup(finding=finding, remedies=list(remedies), source=SOURCE)
