"""One stack and one `backout serve` for all tests of the command line."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.home import Home
from blocks.installation import Installation, installation, serving
from deployments.catalog import ROOT
from deployments.prefect_api import PrefectApi
from examples.demo.stack import Stack
from tests.blocks.postgres.cluster import never_syncs
from tests.deployments.cli.shop import APP, COMMAND, NEW, OLD, Shop
from tests.deployments.cli.variants import variants
from tests.deployments.cli.warm import warm
from tests.deployments.served import wait_for
from tests.fakes.http_server import HttpServer, Reply

STOP_SECONDS = 180


@pytest.fixture(scope="package")
def shop() -> Iterator[Shop]:
    """Both slots run, the old release has served, the application is applied."""
    # Not below pytest's folder, which it closes to PostgreSQL's own user again and again.
    root = Path(tempfile.mkdtemp(prefix="backout-cli-", dir="/tmp"))
    root.chmod(0o711)
    shop = Shop(Stack(root / "stack"), Home(root / "home"))
    shop.stack.up()
    try:
        for slot in ("blue", "green"):
            shop.platform.start(slot)
        with HttpServer() as hanging:
            hanging.replies["/api/health"] = Reply(hang=True)
            yield from _served(shop, hanging.url)
    finally:
        shop.stack.down()
        shutil.rmtree(root)


def _served(shop: Shop, hanging: str) -> Iterator[Shop]:
    shop.home.ensure()
    with (shop.home.root / "output").open("wb") as output:
        serve = subprocess.Popen(
            [*COMMAND, "serve"],
            env=shop.environ(),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(lambda: serving(shop.home) or serve.poll() is not None, "backout serve")
        assert serve.poll() is None, (shop.home.root / "output").read_text()
        never_syncs(json.loads(shop.home.serve_file.read_text())["database_url"])
        file = shop.write("backout.yaml", shop.entry(), *variants(shop, hanging))
        assert shop.run("apply", str(file)).code == 0
        assert shop.run("record", APP, OLD, "--slot", "blue").code == 0
        with warm(shop.environ()) as shop.warm:
            yield shop
    finally:
        serve.terminate()
        serve.wait(STOP_SECONDS)


@pytest.fixture
def bad_shop(shop: Shop, here: Installation) -> Iterator[Shop]:
    """The bad release serves, as if it were just deployed; afterwards the good one does again."""
    here.store.quarantine(APP, NEW, None)
    shop.bad_release_serves()
    yield shop
    shop.good_release_serves()


@pytest.fixture
def here(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """The same store as the commands use."""
    for name, value in shop.stack.environment.items():
        monkeypatch.setenv(name, value)
    with installation(shop.home) as opened:
        yield opened


@pytest.fixture
def api(shop: Shop) -> Iterator[PrefectApi]:
    with PrefectApi.find(shop.home) as found:
        yield found
