"""A store that is away when a run reads for the first time is waited for: the run does not end Failed."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect import runtime

from blocks.application import Application
from blocks.embedded_postgres import EmbeddedPostgres
from domain.errors import BackoutError, Drift
from flows import runbook
from flows.path import take_back
from tests.blocks.store.postgres import running_postgres

STRANGER = Application(name="shop/production", source="a test", digest="", document={})
"""Nobody applied it: a run that could read the store says so."""


@pytest.fixture(scope="module")
def postgres() -> Iterator[EmbeddedPostgres]:
    with running_postgres() as made:
        yield made


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def told(postgres: EmbeddedPostgres, home: Path, monkeypatch: pytest.MonkeyPatch) -> list[BackoutError]:
    """What people are told of a run that did not begin; the server comes back while the run pauses."""
    refused: list[BackoutError] = []
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _seconds: postgres.start())
    monkeypatch.setenv("BACKOUT_HOME", str(home))
    monkeypatch.setenv("BACKOUT_DATABASE_URL", postgres.ensure_database("runbook"))
    monkeypatch.setattr(runbook, "time", clock)
    monkeypatch.setattr(runbook, "get_run_logger", lambda: logging.getLogger("a test"))
    monkeypatch.setattr(runbook, "tell_refused", lambda _here, _request, error: refused.append(error))
    return refused


def test_when_the_run_begins(postgres: EmbeddedPostgres, told: list[BackoutError]) -> None:
    postgres.stop()
    request = runbook.asked(STRANGER, detection="unknown", via="automation")
    postgres.stop()
    state = runbook.run(STRANGER, request, take_back)
    assert "was never applied" in str(state.message)
    assert [type(error) for error in told] == [Drift]


@pytest.mark.parametrize("at", ["_other_run", "document_of"])
def test_between_its_first_reads(
    postgres: EmbeddedPostgres, told: list[BackoutError], monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    reads, real = [], getattr(runbook, at)

    def read(*given: Any) -> Any:
        reads.append(at)
        if len(reads) == 1:
            postgres.stop()
        return real(*given)

    monkeypatch.setattr(runbook, at, read)
    monkeypatch.setattr(
        runtime,
        "flow_run",
        SimpleNamespace(parameters={"detection": "d"}, id="r", scheduled_start_time=None),
    )
    request = runbook.asked(STRANGER, via="automation")
    state = runbook.run(STRANGER, request, take_back)
    assert "was never applied" in str(state.message)
    assert len(reads) == 2
    assert [type(error) for error in told] == [Drift]
