import pytest

from blocks.slack.signature import OLDEST_S, sign, valid

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BODY = b"payload=%7B%22type%22%3A%22block_actions%22%7D"
NOW = 1531420618


def test_what_slack_signed_is_valid_while_it_is_new() -> None:
    signature = sign(SECRET, BODY, str(NOW))
    assert valid(SECRET, BODY, str(NOW), signature, NOW)
    assert valid(SECRET, BODY, str(NOW), signature, NOW + OLDEST_S)
    assert not valid(SECRET, BODY, str(NOW), signature, NOW + OLDEST_S + 1)
    assert not valid(SECRET, BODY, str(NOW), signature, NOW - OLDEST_S - 1)


def test_the_example_of_slacks_documentation() -> None:
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
        b"channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
        b"response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
        b"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    assert valid(SECRET, body, str(NOW), signature, NOW)


@pytest.mark.parametrize(
    ("body", "stamp", "signature"),
    [
        (BODY + b"x", str(NOW), sign(SECRET, BODY, str(NOW))),
        (BODY, str(NOW + 1), sign(SECRET, BODY, str(NOW))),
        (BODY, str(NOW), sign("another", BODY, str(NOW))),
        (BODY, str(NOW), ""),
        (BODY, str(NOW), "v0=ä"),
        (BODY, "", sign(SECRET, BODY, "")),
        (BODY, "now", sign(SECRET, BODY, "now")),
        (BODY, "-1", sign(SECRET, BODY, "-1")),
        (BODY, "1" * 5000, sign(SECRET, BODY, "1" * 5000)),
    ],
)
def test_anything_else_is_not(body: bytes, stamp: str, signature: str) -> None:
    assert not valid(SECRET, body, stamp, signature, NOW)
