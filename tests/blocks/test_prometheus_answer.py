import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from blocks.http_client import Answer
from blocks.prometheus_answer import NotMeasured, Series, series_of

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
ROWS = st.lists(JSON | st.fixed_dictionaries({"metric": JSON, "value": JSON, "values": JSON}), max_size=3)


def answer(body: Any, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(body).encode(), cut=False, seconds=0.1)


def read(sent: Answer) -> list[Series] | str:
    """The series, or why there are none."""
    try:
        return series_of(sent)
    except NotMeasured as reason:
        return str(reason)


@given(JSON, ROWS | JSON, st.sampled_from(["vector", "matrix", "scalar", "string", 1]))
def test_whatever_is_answered_is_read_or_said_not_to_be(warnings: Any, result: Any, kind: Any) -> None:
    body = {"status": "success", "warnings": warnings, "data": {"resultType": kind, "result": result}}
    for sent in (answer(body), answer(body | {"data": result}), answer(result), answer(result, 400)):
        said = read(sent)
        assert isinstance(said, list) or len(said.splitlines()) == 1


def test_an_answer_that_was_cut_off_is_not_read() -> None:
    cut = Answer(200, {}, b"{}", cut=True, seconds=0.1)
    assert read(cut) == "answers with more than 2 bytes: ask for fewer series"


def test_labels_are_shown_as_promql_writes_them_on_one_line() -> None:
    assert str(Series({"__name__": "up", "job": "a\nb", "slot": "blue"}, [1])) == 'up{job="a b", slot="blue"}'
    assert str(Series({"__name__": "up"}, [1])) == "up"
    assert str(Series({}, [1])) == ""
