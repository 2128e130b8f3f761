"""What is made of the canary's samples; and that the moment of the first error is a client's."""

from benchmarks.canary import STEPS, FirstError, figures
from examples.demo.keepalive import Answer


def test_errors_are_summed_and_times_are_medians_by_way() -> None:
    rows = [
        {
            "way": way,
            "round": number,
            "requests": 100,
            "errors": errors,
            "lost": 0,
            "first_bad_to_back_s": back,
        }
        for number, (shifted, at_once) in enumerate([((3, 2.0), (40, 1.0)), ((5, 4.0), (40, 1.0))])
        for way, (errors, back) in zip(STEPS, (shifted, at_once), strict=True)
    ]
    assert figures(rows) == {
        "errors_shifted": 8, "errors_at_once": 80, "ratio": 10.0, "first_bad_to_back_s": 3.0,
        "first_bad_to_back_at_once_s": 1.0, "lost": 0, "requests": 400,
    }  # fmt: skip


def test_the_first_error_is_kept() -> None:
    tally = FirstError()
    seen = []
    for status in (200, 500, 503):
        tally.add(Answer(status=status))
        seen.append(tally.at)
    assert seen[0] is None
    assert seen[1] is not None
    assert (seen[2], tally.total.errors) == (seen[1], 2)
