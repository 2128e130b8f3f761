"""`alembic`: real revisions, run by its library in a process of its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.blocks.migrations.file_contract import FileMigrationsContract
from tests.blocks.migrations.shop import Change
from tests.blocks.postgres.cluster import Cluster

INI = "[alembic]\nscript_location = %(here)s\n"
ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

print("env.py is loud")
url = context.config.get_main_option("sqlalchemy.url")
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""
REVISION = '''"""{name}"""
from alembic import op

revision = "{revision}"
down_revision = {before!r}


def upgrade():
    {up}


def downgrade():
    {down}
'''


def revision(number: int) -> str:
    return f"r{number:02}"


def acting(statements: str | None) -> str:
    return (
        "pass" if statements is None else "; ".join(f"op.execute({one!r})" for one in statements.split("; "))
    )


def write_revisions(folder: Path, changes: Sequence[Change]) -> None:
    (folder / "versions").mkdir(exist_ok=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "env.py").write_text(ENV)
    before = None
    for change in changes:
        text = REVISION.format(
            name=change.name,
            revision=revision(change.number),
            before=before,
            up=acting(change.up),
            down=acting(change.down),
        )
        (folder / "versions" / f"{revision(change.number)}_{change.name}.py").write_text(text)
        before = revision(change.number)


@pytest.fixture
def postgres(newest: Cluster) -> Cluster:
    return newest


class TestAlembic(FileMigrationsContract):
    def write(self, folder: Path, changes: Sequence[Change]) -> None:
        write_revisions(folder, changes)

    def settings(self, folder: str) -> dict[str, Any]:
        return {"kind": "alembic", "config": f"{folder}/alembic.ini"}

    def version(self, number: int) -> str:
        return revision(number)
