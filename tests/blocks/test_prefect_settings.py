"""Which Prefect a process asks."""

from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from blocks import prefect_settings as module
from blocks.home import Home
from blocks.prefect_settings import prefect_settings
from domain.errors import PrefectUnavailable

OURS = "http://127.0.0.1:4299/api"


def serves(monkeypatch: pytest.MonkeyPatch, found: dict[str, Any] | None) -> None:
    monkeypatch.setattr(module, "serving", lambda _home: found)


def test_what_is_set_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serves(monkeypatch, {"prefect_api_url": OURS})
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}), prefect_settings(Home(tmp_path)):
        assert PREFECT_API_URL.value() == "http://127.0.0.1:1/api"


@pytest.mark.parametrize("with_auth", [True, False])
def test_else_the_running_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_auth: bool) -> None:
    (tmp_path / "auth").write_text("backout:hunter2\n", encoding="utf-8")
    serves(monkeypatch, {"prefect_api_url": OURS, "auth_file": str(tmp_path / "auth") if with_auth else None})
    with prefect_settings(Home(tmp_path)):
        auth = PREFECT_API_AUTH_STRING.value()
        assert PREFECT_API_URL.value() == OURS
        assert (auth or None) == ("backout:hunter2" if with_auth else None)
    assert PREFECT_API_URL.value() != OURS


def test_without_either_it_says_so_and_starts_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serves(monkeypatch, None)
    with pytest.raises(PrefectUnavailable, match="no `backout serve` runs"), prefect_settings(Home(tmp_path)):
        pass
