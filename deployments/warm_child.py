"""What a forked child does: become the process of one flow run, execute it, and end with the right exit code."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

# Prefect imports the first when a run begins, the report's picture needs the others: imported once, before the fork.
import matplotlib.backends.backend_agg
import matplotlib.figure  # noqa: F401
import prefect._internal.observers  # noqa: F401
from prefect._internal.control_listener import configure_from_env
from prefect.client.schemas.objects import FlowRun
from prefect.context import refresh_global_settings_context
from prefect.engine import _drive_run_flow_result, handle_engine_signals
from prefect.flow_engine import load_flow, load_flow_run, run_flow
from prefect.flows import Flow
from prefect.logging import get_logger

from blocks import users_first
from blocks.home import Home
from deployments.going_ahead import Going, go_ahead
from deployments.imported import imported


@dataclass(frozen=True)
class Order:
    """One run to execute.

    Attributes:
        run: the flow run's id.
        entrypoint: the deployment's entrypoint, `path/to/module.py:function`.
        env: environment variables that this run has on top of the zygote's.
        log: file that its output goes to.
        users_wait: whether it acts for users; else it only looks, and nothing waits for it.
        ahead: starts whose acts are to go ahead of Prefect; then it is no run.
    """

    run: str
    entrypoint: str
    env: dict[str, str]
    log: str
    users_wait: bool = True
    ahead: Going | None = None

    @classmethod
    def read(cls, message: dict[str, Any]) -> "Order":
        """From the JSON object that the worker sends."""
        ahead = message.pop("ahead", None)
        return cls(**message, ahead=Going.read(ahead) if ahead else None)


def run_order(order: Order) -> None:
    """Execute the run as Prefect's own engine process does, or go ahead. Ends by `SystemExit`, or returns after a good end."""
    _send_output_to(order.log)
    _take_environment(order.env)
    if order.ahead is not None:
        go_ahead(order.ahead)
    else:
        _run(order)


def _run(order: Order) -> None:
    # The worker's channel: it tells a cancellation from a crash before it sends SIGTERM.
    configure_from_env()
    if order.users_wait:
        users_first.begin(Home.from_env())
    flow_run_id = UUID(order.run)
    with handle_engine_signals(flow_run_id):
        flow_run = load_flow_run(flow_run_id)
        flow = _flow(order.entrypoint, flow_run)
        # As a state: a run that ends Failed or Cancelled on purpose is no exception, and no traceback in its log.
        ended = run_flow(flow, flow_run=flow_run, return_type="state", error_logger=get_logger("backout.run"))
        _drive_run_flow_result(flow, ended)


def _flow(entrypoint: str, flow_run: FlowRun) -> Flow[..., Any]:
    """The flow that was imported before the fork; else whatever Prefect loads for this deployment."""
    return imported(entrypoint) or load_flow(flow_run)


def _send_output_to(log: str) -> None:
    file = os.open(Path(log), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)


def _take_environment(env: dict[str, str]) -> None:
    settings_differ = any(os.environ.get(name) != value for name, value in env.items() if _is_setting(name))
    os.environ.update(env)
    if settings_differ:
        refresh_global_settings_context()


def _is_setting(name: str) -> bool:
    return name.startswith("PREFECT_") and not name.startswith("PREFECT__")
