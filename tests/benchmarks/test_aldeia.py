"""The benchmark of Aldeia, small: both ways end on the old release."""

from uuid import uuid4

import pytest

from benchmarks.aldeia import measure

pytestmark = [pytest.mark.engine, pytest.mark.full_matrix]


@pytest.mark.usefixtures("engine")
def test_both_ways_end_on_the_old_release(base_image: str) -> None:
    recording = measure(rounds=1, base=base_image, project=f"aldeia-bench-{uuid4().hex[:6]}")
    assert [sample["way"] for sample in recording.samples] == ["backout", "runbook"]
    assert set(recording.figures) == {"backout_s", "backout_down_s", "runbook_s", "runbook_down_s"}
