"""The `sentry` signal on a server that speaks Sentry's protocol."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from blocks.signals.contract import Place
from domain.findings import Finding, Verdict
from tests.blocks.signals.contract import SignalContract, signal
from tests.fakes.certificates import self_signed
from tests.fakes.http_server import Reply
from tests.fakes.sentry import ORGANIZATION, TOKEN, FakeSentry, Issue

HERE = Place("router", None, slot="blue")
TOO_OFTEN = {
    "detail": "You are attempting to use this endpoint too frequently. Limit is 5 requests in 1 seconds"
}


@pytest.fixture
def sentry() -> Iterator[FakeSentry]:
    with FakeSentry() as running:
        running.issues = [
            Issue("SHOP-1", {1: 4, 3: 5, 400: 100}),
            Issue("SHOP-2", {2: 3}, title="KeyError: 'vat'\n", release="2.1"),
            Issue("SHOP-3", {60: 50}),
            Issue("SHOP-4", {1: 70}, status="archived"),
            Issue("SHOP-5", {1: 80}, environment="staging"),
            Issue("DESK-1", {1: 90}, project=(2, "desk")),
        ]
        yield running


def entry(sentry: FakeSentry, **settings: Any) -> dict[str, Any]:
    usual = {"url": sentry.url, "organization": ORGANIZATION, "project": "shop", "environment": "production"}
    return {"kind": "sentry", "token": TOKEN, **usual, **settings}


def look(sentry: FakeSentry, place: Place = HERE, **settings: Any) -> Finding:
    return signal(**entry(sentry, **settings)).observe(place)


def many(number: int) -> list[Issue]:
    return [Issue(f"SHOP-{each}", {1: 2}) for each in range(number)]


class TestSentry(SignalContract):
    """Events carry the slot; the place's address does not matter."""

    @pytest.fixture
    def settings(self, sentry: FakeSentry) -> dict[str, Any]:
        sentry.issues = [Issue("SHOP-1", {1: 9}, release="green"), Issue("SHOP-2", {1: 5}, release="blue")]
        return entry(sentry, query="is:unresolved slot:{slot}", above=5)

    @pytest.fixture
    def well(self) -> Place:
        return HERE

    @pytest.fixture
    def ill(self) -> Place:
        return Place("green", None, slot="green")

    @pytest.fixture
    def unmeasured(self) -> Place:
        return Place("green", None)


def test_events_of_the_last_minutes_are_counted_within_all_filters(sentry: FakeSentry) -> None:
    finding = look(sentry, above=10)
    assert (finding.value, finding.unit, finding.symptom) == (12, "count", "above 10")
    said = "12 (above 10): events in 5 min in 2 issues, most (9) of SHOP-1 ValueError: no such cart"
    assert finding.said == said
    assert look(sentry, minutes=1).value == 4
    assert look(sentry, project=2).value == 90
    assert look(sentry, project=None).value == 102
    assert look(sentry, environment=None).value == 92
    assert look(sentry, release="2.1").said == "3: events in 5 min, all of SHOP-2 KeyError: 'vat'"
    assert look(sentry, query="is:archived").value == 70


def test_issues_and_new_issues_are_counted(sentry: FakeSentry) -> None:
    assert look(sentry, count="issues").said == "2: issues in 5 min, first SHOP-1 ValueError: no such cart"
    assert look(sentry, count="new_issues", above=0).said.startswith(
        "1 (above 0): new issues in 5 min, first SHOP-2"
    )


def test_no_issues_are_a_count_of_nought(sentry: FakeSentry) -> None:
    finding = look(sentry, release="3.0", above=0)
    assert (finding.verdict, finding.value, finding.said) == (Verdict.OK, 0, "0: events in 5 min")


def test_all_pages_are_read_on_one_connection(sentry: FakeSentry) -> None:
    sentry.issues = many(250)
    assert look(sentry).value == 500
    assert look(sentry, count="issues").value == 250
    first = [parse_qs(urlsplit(seen.path).query) for seen in sentry.seen[:3]]
    assert [asked.get("cursor") for asked in first] == [None, ["0:100:0"], ["0:200:0"]]
    assert sentry.connections == 2


def test_the_token_goes_to_no_other_address(sentry: FakeSentry) -> None:
    sentry.issues = many(101)
    assert look(sentry).ok
    assert len(sentry.seen) == 2


def test_more_pages_than_are_read_are_no_data_unless_above_the_limit_already(sentry: FakeSentry) -> None:
    sentry.issues = many(250)
    assert look(sentry, pages=2, above=399).bad
    cut = look(sentry, pages=2, above=400)
    assert cut.verdict is Verdict.NO_DATA
    assert cut.said == f"Sentry at {sentry.url} has more than 2 pages of issues"


@pytest.mark.parametrize("reply", [Reply(500, {"detail": "Internal Error"}), Reply(429), Reply(close=True)])
def test_what_breaks_off_counts_from_below(sentry: FakeSentry, reply: Reply) -> None:
    sentry.issues, sentry.instead, sentry.after = many(150), reply, 1
    assert look(sentry, above=10).bad
    sentry.seen.clear()
    assert look(sentry, above=1000).verdict is Verdict.NO_DATA


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Retry-After": "30"}, " and asks to wait for 30 s"),
        ({"X-Sentry-Rate-Limit-Reset": "1000"}, ""),
        ({"Retry-After": "Sun, 22 Nov 2026 15:00:00 GMT"}, ""),
        ({}, ""),
    ],
)
def test_a_limited_rate_is_no_data_and_says_how_long(
    sentry: FakeSentry, headers: dict[str, str], said: str
) -> None:
    sentry.instead = Reply(429, TOO_OFTEN, headers)
    finding = look(sentry, above=0)
    expected = f"Sentry at {sentry.url} limits the rate of requests (http 429){said}"
    assert (finding.verdict, finding.said) == (Verdict.NO_DATA, expected)


def test_it_is_not_asked_again_while_it_asks_to_wait(sentry: FakeSentry) -> None:
    sentry.instead = Reply(429, TOO_OFTEN, {"Retry-After": "9999"})
    made = signal(**entry(sentry))
    made.observe(HERE)
    assert made.observe(HERE).said == f"Sentry at {sentry.url} asked to wait, 300 s are left"
    assert len(sentry.seen) == 1
    assert made == signal(**entry(sentry))
    sentry.instead = None
    assert signal(**entry(sentry)).observe(HERE).ok


def test_the_end_of_sentrys_window_is_a_time(sentry: FakeSentry) -> None:
    sentry.instead = Reply(429, TOO_OFTEN, {"X-Sentry-Rate-Limit-Reset": str(int(time.time()) + 3600)})
    assert look(sentry).said.endswith(("for 3600 s", "for 3599 s", "for 3598 s"))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"token": "wrong"}, "does not take the token (http 401)"),
        ({"organization": "other"}, "knows no such organization, project or environment (http 404)"),
        ({"environment": "nowhere"}, "knows no such organization, project or environment (http 404)"),
        ({"query": "colour:red"},
         "refuses the query (http 400): Error parsing search query: invalid term colour"),
    ],
)  # fmt: skip
def test_what_sentry_refuses_is_no_data(sentry: FakeSentry, settings: dict[str, Any], said: str) -> None:
    finding = look(sentry, **settings)
    assert (finding.verdict, finding.said) == (Verdict.NO_DATA, f"Sentry at {sentry.url} {said}")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(500, {"detail": "Internal Error", "errorId": None}), "answers http 500"),
        (Reply(502, "<html>"), "answers http 502"),
        (Reply(403, {"detail": "no"}), "does not let the token read issues (scope event:read) (http 403)"),
        (Reply(400, "<html>"), "refuses the query (http 400)"),
        (Reply(400, []), "refuses the query (http 400)"),
        (Reply(302, "", {"Location": "http://elsewhere.invalid/"}), "answers http 302"),
        (Reply(200, "<html>"), "answers without a list of issues"),
        (Reply(200, {"data": []}), "answers without a list of issues"),
        (Reply(200, [{"shortId": "SHOP-1"}]), "answers without a list of issues"),
        (Reply(200, [1]), "answers without a list of issues"),
        (Reply(200, "[" * 30_000), "answers without a list of issues"),
    ],
)
def test_what_is_no_good_answer_is_no_data(sentry: FakeSentry, reply: Reply, said: str) -> None:
    sentry.instead = reply
    finding = look(sentry, above=0)
    assert (finding.verdict, finding.said) == (Verdict.NO_DATA, f"Sentry at {sentry.url} {said}")


@pytest.mark.parametrize("reply", [Reply(hang=True), Reply(trickle=True)])
def test_a_sentry_that_hangs_is_no_data(sentry: FakeSentry, reply: Reply) -> None:
    sentry.instead = reply
    finding = look(sentry, timeout_s=0.3)
    assert finding.verdict is Verdict.NO_DATA
    assert finding.said.endswith("no whole answer within 0.3 s")


def test_a_certificate_that_is_not_trusted_is_no_data(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    with FakeSentry(context) as sentry:
        finding = look(sentry)
    assert finding.verdict is Verdict.NO_DATA
    assert "the TLS certificate is not trusted" in finding.said
    assert sentry.seen == []


def test_the_token_is_never_shown(sentry: FakeSentry) -> None:
    made = signal(**entry(sentry, token="hunter2"))
    assert "hunter2" not in repr(made) + made.model_dump_json() + str(made) + made.observe(HERE).said


@pytest.mark.parametrize(
    "settings",
    [
        {"organization": "a/b"},
        {"project": "a b"},
        {"release": '2"'},
        {"count": "users"},
        {"minutes": 0},
        {"token": "hunter2\n"},
        {"token": ""},
        {"url": "http://sentry.example", "token": "hunter2"},
    ],
)
def test_bad_settings_raise_and_show_no_token(sentry: FakeSentry, settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        signal(**entry(sentry, **settings))
    assert "hunter2" not in str(caught.value)
