"""What runs beside the worker in `backout serve`: the outbox's sender, the watch, the approval socket, the forms' choices."""

import asyncio
import threading
from collections.abc import Mapping

from blocks.installation import installation
from blocks.sender import Sender
from deployments.alert_forwarding import forward_alerts
from deployments.applications import Channels
from deployments.approval_socket import serve_answers
from deployments.cancelled import end_cancelled
from deployments.concurrency import in_threads
from deployments.forgetting import forget_old
from deployments.left_drills import end_drills
from deployments.overdue import wake_overdue
from deployments.prefect_api import PrefectApi
from deployments.readiness_gauges import show_readiness
from deployments.serve import Service
from deployments.serving import Serving
from deployments.slack_socket import answer_buttons
from deployments.target_choice import offer_targets
from deployments.unfinished import finish_late
from deployments.updates import tell_on
from deployments.watch import watch

SENDERS = 4
"""Messages under way at the same time: a channel that hangs holds one of them."""


async def send_messages(_serving: Serving) -> None:
    """Send what waits in the outbox until cancelled."""
    await in_threads(SENDERS, _send)


def _send(stop: threading.Event) -> None:
    with installation() as here:
        Sender(here.store, lambda application: Channels(here, application)).run(stop)


async def offer_choices(_serving: Serving) -> None:
    """Give the forms, which were registered anew, the releases that can be gone back to."""
    await asyncio.to_thread(_offer)


def _offer() -> None:
    with installation() as here:
        offer_targets(here, PrefectApi.find(here.home))


async def watch_applications(_serving: Serving) -> None:
    """Watch every applied application until cancelled."""
    await in_threads(1, watch)


async def hand_on_alerts(_serving: Serving) -> None:
    """Give Prefect the alerts that were taken in, until cancelled."""
    await in_threads(1, forward_alerts)


async def end_overdue(_serving: Serving) -> None:
    """Wake what waits for people past its deadline, until cancelled."""
    await in_threads(1, wake_overdue)


async def end_stopped(_serving: Serving) -> None:
    """End the incidents of runs that were cancelled in Prefect, until cancelled itself."""
    await in_threads(1, end_cancelled)


async def finish_put_off(_serving: Serving) -> None:
    """Write the reports that no watch came to write, until cancelled."""
    await in_threads(1, finish_late)


async def end_left_drills(_serving: Serving) -> None:
    """Clean up after drills whose run has ended without them, until cancelled."""
    await in_threads(1, end_drills)


async def forget_what_is_old(_serving: Serving) -> None:
    """Delete records that no decision looks at any more, until cancelled."""
    await in_threads(1, forget_old)


async def tell_how_it_goes(_serving: Serving) -> None:
    """Post an update of each open incident every few minutes, until cancelled."""
    await in_threads(1, tell_on)


async def show_who_is_ready(_serving: Serving) -> None:
    """Let `/metrics` show the readiness that the last looks found, until cancelled."""
    await in_threads(1, show_readiness)


SERVICES: Mapping[str, Service] = {
    "alerts": hand_on_alerts,
    "answers": serve_answers,
    "cancelled": end_stopped,
    "choices": offer_choices,
    "deadlines": end_overdue,
    "drills": end_left_drills,
    "forgetting": forget_what_is_old,
    "messages": send_messages,
    "readiness": show_who_is_ready,
    "slack": answer_buttons,
    "unfinished": finish_put_off,
    "updates": tell_how_it_goes,
    "watch": watch_applications,
}
