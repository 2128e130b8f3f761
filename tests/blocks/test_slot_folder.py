"""A folder that this user may not use is said as that."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.slot_folder import SlotFolder
from domain.errors import Unreachable

NOBODY = 65534


@pytest.fixture
def nobody(tmp_path: Path) -> Iterator[Path]:
    """Root may use everything; somebody else may not."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    os.seteuid(NOBODY)
    yield tmp_path  # made while we were root
    os.seteuid(0)


@pytest.mark.usefixtures("nobody")
def test_a_folder_that_may_not_be_used_is_not_called_silent(tmp_path: Path) -> None:
    with pytest.raises(Unreachable) as caught, SlotFolder(tmp_path / "slots" / "blue").locked(0):
        pass
    assert f"slot's folder {tmp_path}/slots/blue cannot be used: Permission denied" in str(caught.value)
    assert "does not answer" not in str(caught.value)
    assert "see that it runs" not in str(caught.value)
    assert "let this user use" in str(caught.value)
