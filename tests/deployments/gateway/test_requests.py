"""What a caller may send: JSON, a query, or nothing; and the words for what they may not."""

import json

import pytest

from deployments.gateway.requests import LONGEST_KEY, BadRequest, Wanted, key, wanted
from deployments.gateway.starting import _request
from domain.severity import Severity


@pytest.mark.parametrize("body", [b"", b"  \n", b"{}"])
def test_nothing_at_all_is_a_request(body: bytes) -> None:
    asked = wanted(body, {})
    assert (asked.application, asked.runbook, asked.target, asked.severity) == (None, "rollback", None, None)


def test_body_and_query_are_taken_together_and_the_body_wins() -> None:
    body = json.dumps({"reason": " checkout fails ", "severity": "critical"}).encode()
    asked = wanted(body, {"application": "shop/production", "severity": "low", "users": "12"})
    assert asked.application == "shop/production"
    assert asked.severity is Severity.CRITICAL
    assert (asked.reason, asked.users) == ("checkout fails", 12)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"application=shop/production", "no JSON"),
        (b"[1]", "no JSON object"),
        (b"[" * 9000, "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b'{"force": true}', "'force' is not known; known are application"),
        (b'{"severity": "awful"}', "severity: .*'critical'"),
        (b'{"runbook": "data-corruption"}', "runbook: .*'rollback'"),
        (b'{"users": -1}', "users: "),
        (json.dumps({"reason": "x" * 2001}).encode(), "reason: .*2000"),
    ],
)
def test_what_cannot_be_used_is_told_in_words(body: bytes, told: str) -> None:
    with pytest.raises(BadRequest, match=told) as refused:
        wanted(body, {})
    assert refused.value.next_step()


def test_what_was_sent_is_not_repeated() -> None:
    with pytest.raises(BadRequest) as refused:
        wanted(b'{"severity": "correct-horse"}', {})
    assert "correct-horse" not in str(refused.value)


@pytest.mark.parametrize("wrong", ["", "  ", "a\tb", "x" * (LONGEST_KEY + 1)])
def test_a_key_is_short_and_printable(wrong: str) -> None:
    with pytest.raises(BadRequest, match="Idempotency-Key"):
        key(wrong)
    assert key(None) is None
    assert key(" abc ") == "abc"


def test_who_asks_is_known_by_the_name_that_their_answers_have() -> None:
    """Where two people are asked, whoever asked is not one of them."""
    request = _request("shop/production", Wanted(by="ann"))
    assert request.by.partition("@")[0] == "ann"
    assert request.by.endswith(" by API")
