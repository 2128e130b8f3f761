"""A shop whose traffic can be shared out, and runs that ask to move a half of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blocks.routers.caddy_files import CaddyFiles
from domain.outcomes import Outcome
from domain.request import SHIFT_TRAFFIC, Kind, Request
from flows.path import take_back, take_back_now
from tests.flows.deploy_stage import DeployStage, deploy_standing
from tests.flows.stage import Scene

HALF = {"blue": 50, "green": 50}
TO_GREEN_FIRST = {"blue": 10, "green": 90}


class Shop(Scene):
    """All its runs ask to move a half unless they say otherwise."""

    stage: DeployStage

    def request(self, **fields: Any) -> Request:
        return super().request(**{"runbook": SHIFT_TRAFFIC, "share": 50, **fields})

    def rollback(self, run: str = "second", kind: Kind = Kind.ROLLBACK, **fields: Any) -> Outcome | None:
        path = take_back_now if kind is Kind.EMERGENCY else take_back
        return self.walk(path, run, runbook="rollback", share=None, kind=kind, **fields)

    def share(self, **shares: int) -> None:
        """As somebody else would."""
        platform = self.stage.platform
        assert isinstance(platform.router, CaddyFiles)
        platform.router.share(shares, platform.upstreams(), platform.route())

    def quarantined(self) -> list[str]:
        with self.installation() as here:
            return [row.version for row in here.store.releases(self.name) if row.quarantined_by]


def a_shop(stage: DeployStage, folder: Path, **changes: Any) -> Shop:
    made = stage.scene(folder, **changes)
    shop = Shop.__new__(Shop)
    shop.__dict__.update(made.__dict__)
    return shop


@pytest.fixture(scope="module")
def weighted(tmp_path_factory: pytest.TempPathFactory, store_url: str) -> Iterator[DeployStage]:
    with deploy_standing(tmp_path_factory.mktemp("weighted"), store_url) as stage:
        yield stage


@pytest.fixture
def shop(weighted: DeployStage, tmp_path: Path) -> Shop:
    return a_shop(weighted, tmp_path)
