"""The API on a real port of its own, beside a store that knows no application yet."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from blocks.home import Home
from blocks.installation import Installation, installation
from blocks.keys import api_token
from blocks.store import configurations
from blocks.store.configurations import Applied
from deployments.gateway.port import listening
from deployments.gateway.service import answer_on
from tests.blocks.store.postgres import running_postgres


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home(tmp_path_factory.mktemp("api")).ensure()
    with pytest.MonkeyPatch.context() as patch, running_postgres() as postgres:
        patch.setenv("BACKOUT_HOME", str(home.root))
        patch.setenv("BACKOUT_DATABASE_URL", postgres.ensure_database("gateway"))
        yield home


@pytest.fixture(scope="module")
def address(home: Home) -> Iterator[str]:
    """Where the API answers."""
    stop = threading.Event()
    with listening({"BACKOUT_API_PORT": "0"}) as listener:
        assert listener is not None
        thread = threading.Thread(target=answer_on, args=[listener, home, stop])
        thread.start()
        try:
            yield listener.url
        finally:
            stop.set()
            thread.join()


@pytest.fixture
def here(home: Home) -> Iterator[Installation]:
    """No application is known."""
    with installation(home) as opened:
        with opened.store.database.transaction() as connection:
            connection.execute("DELETE FROM configurations")
        yield opened


@pytest.fixture
def token(home: Home) -> str:
    return api_token(home)


@pytest.fixture
def client(address: str, here: Installation, token: str) -> Iterator[httpx.Client]:
    """Somebody who has the token."""
    del here
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=address, headers=headers, timeout=30, trust_env=False) as made:
        yield made


def known(here: Installation, name: str, **changes: Any) -> None:
    """An application as `backout apply` keeps it; nobody answers at its addresses."""
    document = {
        "name": name,
        "platform": {"kind": "deployment_api", "url": "http://127.0.0.1:1"},
        "health": {"kind": "http", "path": "/health"},
        **changes,
    }
    configurations.keep(here.store.database, Applied(name, document, "digest", "a test"), "ann")
