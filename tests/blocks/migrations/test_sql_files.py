"""`sql_files`: pairs of numbered files on PostgreSQL 18 and 15."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.blocks.migrations.file_contract import FileMigrationsContract
from tests.blocks.migrations.shop import Change
from tests.blocks.migrations.sql_pairs import write_pairs


@pytest.mark.both_versions
class TestSqlFiles(FileMigrationsContract):
    def write(self, folder: Path, changes: Sequence[Change]) -> None:
        write_pairs(folder, changes)

    def settings(self, folder: str) -> dict[str, Any]:
        return {"kind": "sql_files", "folder": folder}


class TestSqlFilesInTheRecordOfGolangMigrate(FileMigrationsContract):
    def write(self, folder: Path, changes: Sequence[Change]) -> None:
        write_pairs(folder, changes)

    def settings(self, folder: str) -> dict[str, Any]:
        return {"kind": "sql_files", "folder": folder, "new_record": "one_row"}


class TestSqlFilesOfDbmate(FileMigrationsContract):
    def write(self, folder: Path, changes: Sequence[Change]) -> None:
        for change in changes:
            down = "" if change.down is None else f"\n-- migrate:down\n{change.down};\n"
            text = f"-- migrate:up\n{change.up};\n{down}"
            (folder / f"{self.version(change.number)}_{change.name}.sql").write_text(text)

    def settings(self, folder: str) -> dict[str, Any]:
        return {"kind": "sql_files", "folder": folder}

    def version(self, number: int) -> str:
        return f"202601{number:08}"
