"""An error nobody expected is told without its secrets."""

import pytest

from domain.errors import Unforeseen


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("postgresql://shop:hush@db/shop is away\nmore", "postgresql://***db/shop is away"),
        ("GET /x?token=hush&a=b", "GET /x?token=***&a=b"),
        ("Authorization: Bearer hush", "Authorization: Bearer ***"),
        ("", ""),
    ],
)
def test_the_first_line_without_secrets(message: str, said: str) -> None:
    found = Unforeseen.of(ValueError(message))
    assert (found.error, found.why) == ("ValueError", said)
