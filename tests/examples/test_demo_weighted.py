"""The demo's stack with ten upstreams: traffic is shared out between its slots, and a rollback brings all of it back."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from blocks.platforms.contract import Standing
from blocks.sharing import grain_of, share_out
from examples.demo.stack import Release, Stack
from tests.examples.test_demo_stack import document_of, look


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    made = Stack(tmp_path / "demo", weighted=True)
    yield made.up()
    made.remove()


def test_both_slots_serve_and_whoever_attaches_knows(stack: Stack) -> None:
    platform = document_of(stack, Release("1.0.0"), Release("1.1.0")).platform
    for slot in stack.slots:
        assert isinstance(platform.prepare(slot, look), Standing)
    assert (grain_of(platform), platform.route().slot) == (10, "blue")
    share_out(platform, {"blue": 50, "green": 50}, platform.route())
    with httpx.Client(base_url=stack.address, trust_env=False, timeout=30) as client:
        seen = Counter(client.get("/api/health").json()["version"] for _ in range(20))
    assert seen == {"1.0.0": 10, "1.1.0": 10}
    again = Stack.attach(stack.folder)
    assert (again.weighted, again.router) == (True, stack.router)
    share_out(platform, {"green": 100}, platform.route())
    assert platform.route().slot == "green"
