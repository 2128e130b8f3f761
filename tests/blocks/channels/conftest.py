"""What channels are told, and a Slack to tell it to."""

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.blocks.channels.contract")

from tests.fakes.slack import FakeSlack  # noqa: E402 - after the rewrite is registered


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    """A Slack on loopback."""
    with FakeSlack() as running:
        yield running
