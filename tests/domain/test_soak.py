from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.findings import Finding, Verdict
from domain.release import Usage
from domain.soak import Sample, against_release, keeps_restarting, trouble


def sample(seconds: float = 0.1, **over: Any) -> Sample:
    health = Finding(name="health", on="router", verdict=Verdict.OK, said="200", value=seconds, unit="s")
    return Sample.model_validate({"findings": [health.model_dump()], **over})


def test_the_first_sample_is_what_the_others_are_compared_with() -> None:
    assert trouble([], sample(9.0, restarts=3, usage=Usage(memory_mb=900.0, cpu_s=1), error_lines=90)) == []


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (sample(restarts=1), "restarted 1 times"),
        (sample(usage=Usage(memory_mb=201.0, cpu_s=1)), "it uses 201 MB, at first 100 MB"),
        (sample(error_lines=21), "21 of the last log lines are errors, at first 1"),
    ],
)
def test_what_got_worse_is_said(now: Sample, said: str) -> None:
    earlier = [sample(usage=Usage(memory_mb=100.0, cpu_s=1), error_lines=1, restarts=0)]
    assert said in "; ".join(trouble(earlier, now))


@pytest.mark.parametrize(
    ("restarts", "again"), [([0, 1], False), ([0, 1, 1, 1], False), ([0, 50], False), ([0, 1, 1, 2], True)]
)
def test_one_restart_stands_against_nothing_until_there_is_a_second(restarts: list[int], again: bool) -> None:
    *earlier, now = [sample(restarts=number) for number in restarts]
    assert keeps_restarting(earlier, now) is again
    assert against_release(earlier, now) == (["it was restarted 2 times"] if again else [])
    assert trouble(earlier, now)


def test_what_was_not_measured_before_the_release_is_told_and_no_more() -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    first = sample(at=noon, usage=Usage(memory_mb=100.0, cpu_s=5.0), error_lines=1)
    later = noon + timedelta(seconds=300)
    now = sample(at=later, usage=Usage(memory_mb=400.0, cpu_s=400.0), error_lines=90)
    assert len(trouble([first], now)) == 3
    assert against_release([first], now) == []
    assert against_release([sample()] * 6 + [sample(0.6)] * 4, sample(0.6))


def test_slower_answers_are_a_trend_not_one_slow_answer() -> None:
    assert trouble([sample()] * 12, sample(5.0)) == []
    assert "answers take 0.60 s, at first 0.10 s" in trouble([sample()] * 6 + [sample(0.6)] * 4, sample(0.6))


def test_a_loss_that_nobody_notices_is_no_trouble() -> None:
    assert trouble([sample(0.01)] * 6 + [sample(0.09)] * 4, sample(0.09)) == []


def test_what_the_platform_cannot_tell_is_no_trouble() -> None:
    assert trouble([sample()], sample(usage=Usage(memory_mb=900.0, cpu_s=1), error_lines=99)) == []


@pytest.mark.parametrize(("cpu_s", "said"), [(300.0, ["it uses 98% of a core since 12:00"]), (250.0, [])])
def test_a_whole_core_for_five_minutes_is_trouble(cpu_s: float, said: list[str]) -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    first = sample(at=noon, usage=Usage(memory_mb=100.0, cpu_s=5.0))
    later = sample(at=noon + timedelta(seconds=300), usage=Usage(memory_mb=100.0, cpu_s=cpu_s))
    assert trouble([first], later) == said


@pytest.mark.parametrize(("cores", "said"), [(1.2, ["it uses 98% of a core since 12:00"]), (0.4, [])])
def test_where_only_the_cores_of_each_moment_are_told_all_of_them_count(
    cores: float, said: list[str]
) -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    first = sample(at=noon, usage=Usage(memory_mb=100.0, cores=0.98))
    later = sample(at=noon + timedelta(seconds=300), usage=Usage(memory_mb=100.0, cores=cores))
    assert trouble([first], later) == said
