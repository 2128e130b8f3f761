import json
import os
from pathlib import Path

import pytest

from blocks.files import locked
from blocks.home import Home
from blocks.installation import SERVE_LOCK, installation, last_served, serving
from domain.errors import ConfigurationError


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").ensure()


def test_a_serve_that_was_killed_is_not_running_though_its_pid_lives(home: Home) -> None:
    assert serving(home) is None
    home.serve_file.write_text(json.dumps({"pid": os.getpid(), "database_url": "postgresql://there"}))
    (home.state / SERVE_LOCK).touch()
    assert serving(home) is None
    noted = last_served(home)
    assert noted is not None
    assert noted["database_url"] == "postgresql://there"
    with locked(home.state / SERVE_LOCK, 0):
        assert serving(home) == noted
    assert serving(home) is None


def test_a_host_with_another_key_is_refused(
    tmp_path: Path, home: Home, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKOUT_DATABASE_URL", store_url)
    for _ in range(2):
        with installation(home):
            pass
    other = Home(tmp_path / "other")
    with (
        pytest.raises(ConfigurationError, match="set BACKOUT_KEY the same on each host"),
        installation(other),
    ):
        pass


def test_hosts_that_share_a_key_share_a_store(
    tmp_path: Path, home: Home, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKOUT_DATABASE_URL", store_url)
    monkeypatch.setenv("BACKOUT_KEY", "ab" * 32)
    for host in (home, Home(tmp_path / "other")):
        with installation(host) as here:
            assert here.store.incidents() == []
