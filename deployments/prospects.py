"""What Prefect is about to start: of starts that were told to it, those whose run nothing there changes or holds back."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from prefect import Flow
from prefect.events.actions import RunDeployment
from prefect.events.schemas.automations import Automation

from blocks.application import Application
from deployments.automations import PARAMETERS, as_made, name_of
from deployments.imported import imported
from deployments.prefect_api import PrefectApi
from domain.reaction import Reaction

Found = Mapping[str, Any]


@dataclass(frozen=True)
class Start:
    """One start that an alert or a trigger asks for, where the policy asks nobody.

    Attributes:
        application: whose.
        runbook: the deployment that `backout apply` lets its automation start.
        said: the texts of its event's payload.
    """

    application: str
    runbook: str
    said: Mapping[str, str]

    @property
    def detection(self) -> str:
        """What it is started for."""
        return self.said["detection"]


@dataclass(frozen=True)
class Prospect:
    """A run that Prefect is about to make: its flow, and what that is given."""

    start: Start
    flow: Flow[..., Any]
    application: Application
    parameters: Mapping[str, Any]


def prospects(api: PrefectApi, pool: str, starts: Iterable[Start]) -> list[Prospect]:
    """The runs that Prefect will make of these starts, and give to this work pool at once; of an application one.

    None of an automation that somebody switched off or edited, of a deployment, pool or queue that is paused or limited, and
    of a flow that is not Backout's: those are for Prefect alone. Raises PrefectUnavailable.
    """
    actions = _actions(api, starts)
    runs_here = cache(lambda deployment: _flow(api, pool, deployment))
    here = [
        (start, *found, action) for start, action in actions if (found := runs_here(action.deployment_id))
    ]
    blocks = _blocks(api, [_block(action) for _, _, _, action in here])
    return [
        Prospect(start, flow, Application(**blocks[_block(action)]), {**defaults, **_given(start, action)})
        for start, flow, defaults, action in here
        if _block(action) in blocks
    ]


def _actions(api: PrefectApi, starts: Iterable[Start]) -> list[tuple[Start, RunDeployment]]:
    """What the automations of the starts do, where they are as `backout apply` makes them."""
    named = {name_of(start.application, Reaction.START, start.runbook): start for start in starts}
    body = {"automations": {"name": {"any_": list(named)}}}
    known = [Automation.model_validate(one) for one in api.call("POST", "/automations/filter", body) or ()]
    return [
        (start, action) for one in known if (action := _untouched(one, start := named[one.name])) is not None
    ]


def _untouched(automation: Automation, start: Start) -> RunDeployment | None:
    action = automation.actions[0] if automation.actions else None
    if not automation.enabled or not isinstance(action, RunDeployment) or _is_special(action):
        return None
    given = dict(action.parameters or {})
    by_us = as_made(automation, start.application, start.runbook) and _is_block(
        given.pop("application", None)
    )
    return action if by_us and all(PARAMETERS.get(name) == value for name, value in given.items()) else None


def _is_special(action: RunDeployment) -> bool:
    """Whether it starts its run later, or with settings of its own."""
    return bool(action.schedule_after or action.job_variables)


def _is_block(reference: Any) -> bool:
    return isinstance(reference, dict) and "block_document_id" in reference.get("$ref", {})


def _block(action: RunDeployment) -> str:
    return str((action.parameters or {})["application"]["$ref"]["block_document_id"])


def _given(start: Start, action: RunDeployment) -> dict[str, Any]:
    """The parameters, as Prefect fills them in from the event."""
    names = (action.parameters or {}).keys() - {"application"}
    return {name: PARAMETERS[name] if name == "via" else start.said.get(name, "") for name in names}


def _flow(api: PrefectApi, pool: str, deployment: Any) -> tuple[Flow[..., Any], Found] | None:
    """What a deployment runs, and its own parameters; None where its runs do not begin here at once."""
    found = api.call("GET", f"/deployments/{deployment}")
    if found is None or found["work_pool_name"] != pool or found.get("global_concurrency_limit"):
        return None
    queue = found.get("work_queue_name") or "default"
    ways = (
        found | {"is_paused": found["paused"]},
        *map(_reader(api), (f"/work_pools/{pool}", f"/work_pools/{pool}/queues/{queue}")),
    )
    flow = imported(found.get("entrypoint") or "")
    return (flow, found["parameters"]) if flow is not None and all(map(_is_open, ways)) else None


def _reader(api: PrefectApi) -> Callable[[str], Found]:
    return lambda path: api.call("GET", path) or {"is_paused": True}


def _is_open(way: Found) -> bool:
    return not way["is_paused"] and way.get("concurrency_limit") is None


def _blocks(api: PrefectApi, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The fields of the blocks, secrets in clear, by id."""
    body = {"block_documents": {"id": {"any_": list(ids)}}, "include_secrets": True}
    return {one["id"]: one["data"] for one in api.call("POST", "/block_documents/filter", body) or ()}
