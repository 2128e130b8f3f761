import pytest

from blocks.program import MASK, masked


@pytest.mark.parametrize(
    ("text", "secrets", "expected"),
    [
        ("token abcdefgh!", ["abcdefgh"], f"token {MASK}!"),
        ("off is off", ["off"], "off is off"),
        ("at postgresql://ann:hunter2@db/shop", ["postgresql://ann:hunter2@db/shop"], f"at {MASK}"),
        ("password hunter2 is wrong", ["postgresql://ann:hunter2@db/shop"], f"password {MASK} is wrong"),
        ("password p@ss/word is wrong", ["redis://:p%40ss%2Fword@db/0"], f"password {MASK} is wrong"),
        ("users of the db", ["postgresql://ann@db/shop", "http://db:80/x@y"], "users of the db"),
    ],
)
def test_secrets_and_the_passwords_of_urls_are_masked(text: str, secrets: list[str], expected: str) -> None:
    assert masked(text, secrets) == expected
