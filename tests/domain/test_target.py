"""Which slot is gone back to, where the database can go along; the rest is in `test_assess.py`."""

import pytest

from domain.database.wish import Wish
from domain.target import choose
from tests.domain.test_assess import RELEASES, release, situation

ONLY_BLUE_IS_UP = {"health": {"blue": "http 503"}, "stopped": ("red",)}


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
