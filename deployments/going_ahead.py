"""Many applications at once: their acts go ahead of Prefect, which then takes each run up where it stands.

Prefect's server uses one processor, for some 0.15 s to make one run, and for half a second to begin it with its tasks: users
of the twentieth application would wait for the nineteen before it. So one process that is warm already first does what users
wait for, for all of them, by journal and lock alone. The run that Prefect's automation makes of the same start then goes on
as one does whose process was killed there. What would keep Prefect from starting it keeps it from going ahead, too.
"""

import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from blocks.home import Home
from blocks.users_first import users_wait
from deployments.admission import PLACES
from deployments.prefect_api import PrefectApi
from deployments.prospects import Prospect, Start, prospects
from flows.this_run import ahead_of


@dataclass(frozen=True)
class Going:
    """What is to go ahead.

    Attributes:
        pool: the work pool whose runs are executed here.
        starts: those of one storm.
    """

    pool: str
    starts: tuple[Start, ...]

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> "Going":
        """From the JSON object that the worker sends."""
        return cls(message["pool"], tuple(Start(**start) for start in message["starts"]))


def go_ahead(going: Going) -> None:
    """Do the acts of all starts that Prefect is about to make runs of, each in a thread. Raises PrefectUnavailable before any."""
    home = Home.from_env()
    with users_wait(home), PrefectApi.find(home) as api, ThreadPoolExecutor(PLACES) as threads:
        for prospect in prospects(api, going.pool, going.starts):
            threads.submit(_act, prospect)


def _act(prospect: Prospect) -> None:
    """One start. Where it fails it is printed, and nothing is lost: its run does what is not done, and says why it cannot."""
    try:
        with ahead_of(prospect.start.detection):
            prospect.flow.fn(application=prospect.application, **prospect.parameters)
    except Exception:  # noqa: BLE001 - see above
        traceback.print_exc()
