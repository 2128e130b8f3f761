"""Which slot is gone back to, where the database can go along; the rest is in `test_assess.py`."""

from datetime import timedelta

import pytest

from domain.database.wish import Wish
from domain.target import choose
from tests.domain.test_assess import NOON, RELEASES, release, situation

ONLY_BLUE_IS_UP = {"health": {"blue": "http 503"}, "stopped": ("red",)}


@pytest.mark.parametrize(("served", "chosen"), [(40, "blue"), (10, "red")])
def test_a_release_of_long_service_is_not_passed_over_for_an_older_one_with_evidence(
    served: int, chosen: str
) -> None:
    good = {"good_since": NOON - timedelta(days=99), "good_until": NOON - timedelta(days=98)}
    last = NOON - timedelta(hours=1)
    releases = [
        release("v3", "green", served_since=last),
        release("v2", "blue", served_since=last - timedelta(minutes=served)),
        release("v1", "red", served_since=NOON - timedelta(days=99), **good),
    ]
    found = choose(situation(releases=releases))
    assert found is not None
    assert found.name == chosen


@pytest.mark.parametrize(
    ("schema", "wish", "chosen"),
    [
        ("6", Wish(), "blue"),  # its schema may be all that it lacks
        ("7", Wish(), "red"),  # it has its schema, and is not healthy all the same
        ("6", None, "red"),  # nobody takes the schema down
        (None, Wish(), "red"),  # nobody knows which schema it needs
    ],
)
def test_an_unhealthy_release_may_only_lack_its_schema(
    schema: str | None, wish: Wish | None, chosen: str
) -> None:
    releases = [RELEASES[0], release("v2", "blue", schema_version=schema), RELEASES[2]]
    found = choose(situation(**ONLY_BLUE_IS_UP, releases=releases, database=wish))  # type: ignore[arg-type]
    assert found is not None
    assert found.name == chosen
