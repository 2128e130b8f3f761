import pytest
from pydantic import ValidationError

from blocks.limits import Limited
from blocks.signals.contract import Place
from domain.findings import Finding


class Meter(Limited):
    """Measured what it was told."""

    kind: str = "meter"
    values: dict[str, float]

    def observe(self, place: Place) -> Finding:
        return self.judged(place, self.values, "s", "meters")


def look(values: dict[str, float], above: float | None = None, below: float | None = None) -> Finding:
    return Meter(values=values, above=above, below=below).observe(Place("blue", None))


VALUES = {"middle": 7.5, "low": 1.0, "high": 9.0}


@pytest.mark.parametrize(
    ("above", "below", "worst", "symptom"),
    [
        (5, None, "high", "above 5"),
        (9, None, "high", ""),
        (None, 2, "low", "below 2"),
        (None, 1, "low", ""),
        (8, 7, "low", "below 7"),
        (8, 1.5, "high", "above 8"),
        (20, 0, "low", ""),
    ],
)
def test_the_worst_is_the_farthest_beyond_a_limit(
    above: float | None, below: float | None, worst: str, symptom: str
) -> None:
    finding = look(VALUES, above, below)
    assert (finding.value, finding.symptom, finding.bad) == (VALUES[worst], symptom, bool(symptom))
    assert finding.said.endswith(f", the worst of 3 meters: {worst}")
    assert (finding.lowest, finding.highest) == (1.0, 9.0)


def test_without_limits_the_highest_is_named_and_so_is_the_lowest() -> None:
    finding = look(VALUES)
    assert (finding.ok, finding.value, finding.lowest, finding.highest) == (True, 9.0, 1.0, 9.0)
    assert finding.said == "9 s, the highest of 3 meters: high; the lowest, 1 s: low"


def test_one_value_is_neither_the_lowest_nor_the_highest() -> None:
    finding = look({"": 7.5}, above=5)
    assert (finding.value, finding.lowest, finding.highest) == (7.5, None, None)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0 s"),
        (0.123456, "0.1235 s"),
        (999.94, "999.9 s"),
        (1234.5, "1234 s"),
        (12_345_678.0, "12345678 s"),
    ],
)
def test_a_number_is_said_as_people_do(value: float, said: str) -> None:
    assert look({"": value}).said == said


def test_limits_between_which_nothing_is_ok_are_refused() -> None:
    with pytest.raises(ValidationError, match="no value would be ok"):
        look({"": 1.0}, above=1, below=2)
