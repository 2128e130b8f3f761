"""Blue and green as real processes behind a real Caddy; blue serves."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from blocks import process
from blocks.platforms.contract import Standing
from blocks.platforms.processes import Processes
from blocks.slot_folder import SlotFolder
from tests.blocks.caddy import Caddy
from tests.blocks.platforms.contract import look
from tests.blocks.platforms.local_slots import pid_of, settings
from tests.blocks.routers.configurations import write_json


@pytest.fixture
def given(tmp_path: Path, caddy: Caddy) -> dict[str, Any]:
    return settings(tmp_path, caddy.address)


@pytest.fixture
def platform(tmp_path: Path, caddy: Caddy, given: dict[str, Any]) -> Iterator[Processes]:
    local = Processes.model_validate(given)
    (tmp_path / "active").write_text(local.upstreams()["blue"])
    caddy.start(write_json(caddy, f"{{file.{tmp_path}/active}}"))
    try:
        assert isinstance(local.prepare("blue", look), Standing)
        yield local
    finally:
        for slot in local.programs:
            process.stop(None, SlotFolder(local.folder / slot).mark, 2)


@pytest.fixture
def spoil(tmp_path: Path) -> Callable[[str], None]:
    return lambda slot: (tmp_path / f"{slot}.unhealthy").touch()


@pytest.fixture
def kill(platform: Processes) -> Callable[[str], None]:
    return lambda slot: os.kill(pid_of(platform, slot), signal.SIGKILL)
