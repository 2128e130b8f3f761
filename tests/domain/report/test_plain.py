"""Markdown taken off again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.report.markdown import code, escape
from domain.report.plain import plain


@given(st.text(alphabet=st.characters(blacklist_categories=("Cc", "Cf", "Cs", "Zl", "Zp"))))
def test_what_was_escaped_reads_as_it_was(text: str) -> None:
    assert plain(escape(text)) == text.strip()


@pytest.mark.parametrize(
    ("text", "bare", "slack"),
    [
        ("- **Status**: well", "- Status: well", "- *Status*: well"),
        (r"\*\*not bold\*\*", "**not bold**", "**not bold**"),
        ("run `backout approve a_b`", "run `backout approve a_b`", "run `backout approve a_b`"),
        (r"a &lt;b&gt; &amp; c\_", "a <b> & c_", "a <b> & c_"),
    ],
)
def test_bold_code_and_escapes(text: str, bare: str, slack: str) -> None:
    assert plain(text) == bare
    assert plain(text, "*") == slack


def test_code_stays_as_it_is() -> None:
    assert plain(str(code(r"a\*b &lt; c"))) == r"`a\*b &lt; c`"
