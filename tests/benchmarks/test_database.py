"""The benchmark of the database, small: every figure is there, and the application could write again."""

from benchmarks.database import measure


def test_every_figure_is_measured() -> None:
    recording = measure(sizes_mb=(2,), rounds=1)
    [sample] = recording.samples
    assert {"backup_ratio", "restore_ratio", "outage_2mb_s", "rehearsal_overhead"} <= recording.figures.keys()
    assert sample["outage_s"] > 0
