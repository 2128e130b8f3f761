"""A database of an ordinary owner on real PostgreSQL 18 and 15, as the backups' tests have it."""

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.blocks.migrations.contract", "tests.blocks.migrations.file_contract")

from tests.blocks.postgres.cluster import Cluster, running  # noqa: E402 - after the rewrite is registered
from tests.blocks.postgres.conftest import postgres, server  # noqa: E402 - after the rewrite is registered

__all__ = ["postgres", "server"]


@pytest.fixture(scope="session")
def newest() -> Iterator[Cluster]:
    """PostgreSQL 18 alone, for what does not depend on the server's version."""
    with running(18) as cluster:
        yield cluster
