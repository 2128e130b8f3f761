"""`command`: a team's own tool, run as a program."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from blocks.embedded_postgres import PROGRAMS
from tests.blocks.migrations.contract import MigrationsContract
from tests.blocks.migrations.shop import Change
from tests.blocks.migrations.sql_pairs import write_pairs
from tests.blocks.postgres.cluster import Cluster

TOOL = Path(__file__).with_name("tool.sh")


def tool(folder: str, *arguments: str) -> list[str]:
    return ["sh", str(TOOL), str(PROGRAMS / "psql"), folder, *arguments]


@pytest.fixture
def postgres(newest: Cluster) -> Cluster:
    return newest


class TestCommand(MigrationsContract):
    def write(self, folder: Path, changes: Sequence[Change]) -> None:
        write_pairs(folder, changes)

    def settings(self, folder: str) -> dict[str, Any]:
        return {
            "kind": "command",
            "status_command": tool(folder, "status"),
            "down_command": tool(folder, "down"),
            "up_command": tool(folder, "up", "{version}"),
            "applied_pattern": r"^applied (\d+)$",
            "pending_pattern": r"^pending (\d+)$",
        }


class TestCommandThatGoesToAVersion(TestCommand):
    def settings(self, folder: str) -> dict[str, Any]:
        return {**super().settings(folder), "down_command": tool(folder, "down", "{version}")}
