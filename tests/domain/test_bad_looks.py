"""When what a watch sees is trouble, and when it takes a release back."""

import pytest

from domain.bad_looks import BadLooks, Seen

GOOD = Seen()
AWAY = Seen("could not be looked at", no_data=True)
TOLD = Seen("it uses 400 MB, at first 100 MB")
BAD = Seen("health: 503", bad=True)
ONCE = Seen("it was restarted 1 times", once=True)


def after(*seen: Seen, late: bool = False) -> tuple[bool, int]:
    """Whether the last of these looks ends the watch as trouble, and how many in a row stand against the release."""
    looks = BadLooks()
    for number, one in enumerate(seen):
        looks = looks.then(one, late=late)
        assert number == len(seen) - 1 or not looks.trouble(one)
    return looks.trouble(seen[-1]), looks.against


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        ([BAD, BAD], (False, 2)),
        ([BAD, BAD, BAD], (True, 3)),
        ([BAD, AWAY, BAD, BAD], (True, 3)),
        ([BAD, BAD, GOOD, BAD], (False, 1)),
        ([TOLD, TOLD, TOLD], (True, 0)),
        ([TOLD, TOLD, BAD], (False, 1)),
        ([TOLD, TOLD, BAD, BAD, BAD], (True, 3)),
        ([TOLD, TOLD, BAD, TOLD], (True, 0)),
        ([ONCE] * 9, (False, 0)),
        ([BAD, BAD, ONCE, BAD], (False, 1)),
        ([Seen("traffic is on blue", certain=True)], (True, 0)),
    ],
)
def test_only_a_row_against_the_release_counts_against_it(seen: list[Seen], found: tuple[bool, int]) -> None:
    assert after(*seen) == found


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        ([BAD], (False, 1)),
        ([AWAY, AWAY, BAD], (True, 1)),
        ([AWAY, AWAY, AWAY], (True, 0)),
        ([ONCE, ONCE, ONCE], (True, 0)),
        ([GOOD, GOOD, GOOD], (False, 0)),
    ],
)
def test_also_the_latest_watch_looks_more_than_once(seen: list[Seen], found: tuple[bool, int]) -> None:
    assert after(*seen, late=True) == found
