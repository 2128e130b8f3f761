import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.http_client import Answer
from blocks.sentry_answer import Issue, NotCounted, issues_of, next_cursor

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
ROWS = st.lists(st.fixed_dictionaries({"shortId": JSON, "count": JSON, "filtered": JSON}), max_size=3)


def answer(body: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, headers, json.dumps(body).encode(), cut=False, seconds=0.1)


def read(sent: Answer) -> list[Issue] | str:
    """The issues, or why there are none."""
    try:
        return issues_of(sent)
    except NotCounted as reason:
        return str(reason)


@given(ROWS | JSON, st.sampled_from([200, 400, 429, 500, 799]), st.text())
def test_whatever_is_answered_is_read_or_said_not_to_be(body: Any, status: int, header: str) -> None:
    sent = answer(body, status, **{"retry-after": header, "link": header})
    said = read(sent)
    assert isinstance(said, list) or len(said.splitlines()) == 1


def link(rel: str, results: str, cursor: str) -> str:
    return f'<https://x/?cursor={cursor}>; rel="{rel}"; results="{results}"; cursor="{cursor}"'


@pytest.mark.parametrize(
    ("links", "cursor"),
    [
        ([], None),
        ([link("previous", "true", "0:0:1")], None),
        ([link("previous", "true", "0:0:1"), link("next", "false", "0:100:0")], None),
        ([link("previous", "false", "0:0:1"), link("next", "true", "0:100:0")], "0:100:0"),
    ],
)
def test_the_next_page_is_the_one_that_has_results(links: list[str], cursor: str | None) -> None:
    assert next_cursor(answer([], link=", ".join(links))) == cursor
