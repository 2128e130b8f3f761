import pytest

from domain.findings import Verdict
from tasks.read_logs import log_errors


@pytest.mark.parametrize(
    ("lines", "verdict", "said"),
    [
        ([], Verdict.NO_DATA, "0 of the last 0"),
        (["INFO ready", "INFO no errors here"], Verdict.OK, "0 of the last 2"),
        (
            ["INFO ready", "ERROR no database"],
            Verdict.BAD,
            "1 of the last 2 log lines are errors, the last: ERROR no",
        ),
        (["Traceback (most recent call last):"], Verdict.BAD, "1 of the last 1"),
    ],
)
def test_errors_are_counted_and_the_last_is_shown(lines: list[str], verdict: Verdict, said: str) -> None:
    found = log_errors("green", lines)
    assert found.verdict is verdict
    assert said in found.said
