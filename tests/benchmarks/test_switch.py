"""The benchmark of the switch, small: the way that is ours loses nothing."""

from benchmarks.switch import measure


def test_both_ways_switch_as_often_under_as_much_load() -> None:
    recording = measure(switches=4, requests=400)
    assert recording.figures["switches"] == 4
    assert recording.figures["requests"] >= 400
    assert recording.figures["lost_placeholder"] == 0
    assert {sample["way"] for sample in recording.samples} == {"placeholder", "reload"}
