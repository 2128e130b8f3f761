"""What the watch keeps: written at once, read by application, forgotten when it is old."""

from datetime import UTC, datetime, timedelta

import pytest

from blocks.store import Store
from blocks.store.watch_windows import KEPT_RELEASES, Batch, Mark, Sampled, kept, newest_clock, write
from domain.findings import Finding, Verdict
from domain.triggers import Baseline

APP, OTHER = "watched/production", "other/production"


def sampled(clock: float, application: str = APP, ago_s: float = 0.0) -> Sampled:
    at = datetime.now(UTC) - timedelta(seconds=ago_s)
    finding = Finding(
        name="p95", on="router", verdict=Verdict.OK, said='"slow"\t\\', value=1.5, unit="s", at=at
    )
    return Sampled(application, clock, finding, "1.0")


def test_an_application_gets_back_what_was_kept_in_order(store: Store) -> None:
    samples = [sampled(2.0), sampled(1.0), sampled(3.0, OTHER)]
    baseline = Baseline(measure="mean of p95", release="1.0", value=0.5, windows=3)
    marks = {(APP, "p95"): Mark(2.0), (OTHER, "p95"): Mark(3.0)}
    write(store.database, Batch(samples, marks, {(APP, baseline.measure, "1.0"): baseline}), 0.0)
    found = kept(store.database, APP)
    assert list(found.samples) == [samples[1], samples[0]]
    assert found.firings == {"p95": Mark(2.0)}
    assert list(found.baselines) == [baseline]
    write(store.database, Batch(firings={(APP, "p95"): Mark(4.0, over=True)}), 0.0)
    assert kept(store.database, APP).firings == {"p95": Mark(4.0, over=True)}


def test_what_is_old_is_forgotten_but_not_that_something_goes_on(store: Store) -> None:
    marks = {(APP, "over"): Mark(1.0, over=True), (APP, "goes on"): Mark(1.0)}
    write(store.database, Batch([sampled(1.0), sampled(9.0)], marks), 5.0)
    found = kept(store.database, APP)
    assert [one.clock for one in found.samples] == [9.0]
    assert found.firings == {"goes on": Mark(1.0)}


def test_baselines_of_older_releases_are_forgotten(store: Store) -> None:
    for number in range(KEPT_RELEASES + 2):
        baseline = Baseline(measure="m", release=f"{number}", value=1.0)
        write(store.database, Batch(baselines={(APP, "m", baseline.release): baseline}), 0.0)
    releases = [one.release for one in kept(store.database, APP).baselines]
    assert releases == [f"{number}" for number in range(2, KEPT_RELEASES + 2)]


@pytest.mark.parametrize(("ago_s", "expected"), [(0.0, 100.0), (50.0, 150.0), (-50.0, 100.0)])
def test_the_clock_goes_on_with_the_walls_time_and_never_back(
    store: Store, ago_s: float, expected: float
) -> None:
    write(store.database, Batch([sampled(99.0), sampled(100.0, ago_s=ago_s)]), 0.0)
    assert newest_clock(store.database) == pytest.approx(expected, abs=30)


def test_where_nothing_was_kept_there_is_no_clock(store: Store) -> None:
    assert newest_clock(store.database) is None
    write(store.database, Batch(firings={(APP, "p95"): Mark(7.0)}), 0.0)
    assert newest_clock(store.database) == 7.0
