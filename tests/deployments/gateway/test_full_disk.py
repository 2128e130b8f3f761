"""An alert that cannot be kept: its sender is told to send it again, in words."""

import errno

import httpx
import pytest

from blocks import spool
from blocks.installation import Installation
from tests.deployments.gateway.conftest import known
from tests.deployments.gateway.senders.contract import payload

SHOP = "shop/production"


def test_on_a_full_disk_the_answer_is_to_try_again(
    client: httpx.Client, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(here, SHOP)
    monkeypatch.setattr("deployments.gateway.known.ASK_AGAIN_S", 0)
    monkeypatch.setattr(spool, "replace_file", _full)
    answer = client.post("/alerts/generic", json=payload("generic"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "No space left" in answer.json()["error"]
    assert answer.json()["next"]


def _full(*_arguments: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
