import pytest

from domain.message import Moment
from domain.severity import Severity
from domain.triggers import Level, Trigger
from domain.warning import warning

HOT = {"signal": "cpu", "above": 80, "unit": "%", "source": "N Key Metrics to Monitor"}


@pytest.mark.parametrize(
    ("level", "severity", "moment"),
    [
        (Level.WARNING, Severity.MEDIUM, Moment.WATCHED),
        (Level.CRITICAL, Severity.CRITICAL, Moment.ESCALATED),
    ],
)
def test_a_warning_says_what_was_seen_by_which_rule_and_that_nothing_was_started(
    level: Level, severity: Severity, moment: Moment
) -> None:
    trigger = Trigger.model_validate({**HOT, "level": level})
    told = warning("shop/production", trigger, "the cpu is *busy*", "abc")
    assert (told.severity, told.moment) == (severity, moment)
    assert told.title.endswith(f"{level.upper()}: shop/production: cpu {level}")
    for words in ("\\*busy\\*", "every sample of cpu above 80", "N Key Metrics", "nothing was started"):
        assert words in told.text


def test_it_is_told_once_a_detection() -> None:
    trigger = Trigger.model_validate({**HOT, "level": "warning"})
    first, again, next_one = (warning("shop/production", trigger, "x", name) for name in ("a", "a", "b"))
    assert first.key == again.key != next_one.key
