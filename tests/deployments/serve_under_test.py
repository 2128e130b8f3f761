"""`serve` as the tests start it: their own flows, few places, a short drain. Arguments: work pool, drain seconds."""

import asyncio
import sys
from pathlib import Path

from blocks.home import Home
from deployments.catalog import RESUMABLE_TAG, WATCH_TAG, Catalogued
from deployments.serve import serve
from deployments.serving import Serving

FLOWS = "tests.deployments.flows_under_test"
PLACES = 3


def catalog(work_pool: str) -> list[Catalogued]:
    """One set of deployments a pool, so that two pools never move each other's."""
    resumable = ("waits", "dies_once", "always_dies", "asks", "fails")
    return [
        *(Catalogued(f"{work_pool}-{name}", f"{FLOWS}:{name}", name, (RESUMABLE_TAG,)) for name in resumable),
        Catalogued(f"{work_pool}-watches", f"{FLOWS}:watches", "watches", (RESUMABLE_TAG, WATCH_TAG)),
        Catalogued(f"{work_pool}-quick", f"{FLOWS}:quick", "**quick**"),
        Catalogued(f"{work_pool}-urgent", f"{FLOWS}:quick", "urgent", emergency=True),
    ]


async def note(serving: Serving) -> None:
    """A service that fails once, and then says what it was told."""
    noted = Path(serving.socket).with_suffix(".noted")
    if not noted.exists():
        noted.touch()
        raise RuntimeError("this service fails the first time")
    noted.write_text(serving.prefect_api_url)


if __name__ == "__main__":
    pool = sys.argv[1]
    asyncio.run(
        serve(
            Home.from_env(),
            catalog=catalog(pool),
            work_pool=pool,
            services={"note": note},
            places=PLACES,
            drain_seconds=float(sys.argv[2]),
        )
    )
