"""The benchmark of Kubernetes, small: each way gets there, and is counted."""

import pytest

from benchmarks.kubernetes import measure

pytestmark = [pytest.mark.cluster, pytest.mark.full_matrix]

WAYS = ["undo", "kubectl_undo", "selector", "kubectl_patch"]


@pytest.mark.usefixtures("cluster")
def test_both_go_back_both_ways(base_image: str) -> None:
    recording = measure(rounds=1, base=base_image)
    assert [sample["way"] for sample in recording.samples] == WAYS
    figures = recording.figures
    assert all(figures[f"requests_{way}"] >= 200 for way in WAYS)
    assert figures["undo_ratio"] == round(figures["undo_s"] / figures["kubectl_undo_s"], 2)
    assert figures["lost_selector"] == 0
