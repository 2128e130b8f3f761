import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jinja2 import TemplateNotFound, UndefinedError
from markdown_it import MarkdownIt

from domain.report.markdown import (
    Markdown,
    address,
    clock,
    code,
    duration,
    escape,
    fill,
    moment,
    paragraphs,
    prose,
)
from tests.domain.report.story import START

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = [
    "<script>alert(1)</script>",
    "[click](https://evil.example)",
    "![picture](https://evil.example/x.png)",
    "https://evil.example and www.evil.example",
    "a | b || c",
    "**bold** _leaning_ ~~gone~~ `code`",
    "# heading",
    "---",
    "===",
    "- item",
    "12) item",
    "> quote",
    "&lt;b&gt; &#124;",
    "line one\n\n| a | b |\n|---|---|",
    "\u202etxt.exe",
    "ends with a backslash \\",
    "{{ 7 * 7 }} {% raw %}",
]


def shown(markdown: str, tag: str) -> list[str]:
    """The text of each element of this kind, as a browser shows it."""
    cells = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", PARSER.render(markdown), re.DOTALL)
    return [html.unescape(cell) for cell in cells]


def plain(text: str) -> str:
    """What is left of a text on one line."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+", " ", text).strip()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_it_is_and_does_nothing(text: str) -> None:
    page = PARSER.render(f"{escape(text)}\n")
    assert re.findall(r"<(\w+)", page) == ["p"]
    assert "href" not in page


@given(st.text(max_size=40))
@example("`a` \\| b")
@example("_x_ *y* [z](u)")
def test_any_text_fills_exactly_one_cell_with_itself(text: str) -> None:
    cells = shown(f"| a | b |\n|---|---|\n| {escape(text)} | end |\n", "td")
    assert [" ".join(cell.split()) for cell in cells] == [" ".join(plain(text).split()), "end"]


def test_our_own_words_keep_their_commands() -> None:
    assert prose("run `backout apply a|b` on *it*") == "run `backout apply a/b` on \\*it\\*"
    assert prose("a lone ` stays") == escape("a lone ` stays")
    assert prose(Markdown("**done**")) == "**done**"


@given(st.text(max_size=40))
@example("`a` \\| b ` <b>")
@example("``` [x](u) ```")
def test_any_text_as_our_own_words_stays_in_its_item_too(text: str) -> None:
    page = PARSER.render(f"- **Next**: {prose(text)}\n- next\n")
    assert page.count("<li>") == 2
    assert set(re.findall(r"<(\w+)", page)) <= {"ul", "li", "strong", "code"}


@given(st.text(max_size=40))
def test_any_text_stays_in_its_item_of_a_list(text: str) -> None:
    page = PARSER.render(f"- **Reason**: {escape(text)}\n- next\n")
    assert page.count("<li>") == 2
    assert set(re.findall(r"<(\w+)", page)) == {"ul", "li", "strong"}


@given(st.text(max_size=60))
def test_any_text_of_several_lines_is_paragraphs_only(text: str) -> None:
    page = PARSER.render(f"{paragraphs(text)}\n")
    assert set(re.findall(r"<(\w+)", page)) <= {"p"}


def test_what_is_markdown_already_is_left_alone() -> None:
    assert escape(Markdown("**OPEN**")) == "**OPEN**"


def test_names_stay_readable() -> None:
    for text in (
        "v1.0-full-tech",
        "flappyjournal/production",
        "rolled_back",
        "p95 -0.5 s",
        "+0.1 s",
        "1.5 s",
        "a@b.example",
    ):
        assert escape(text) == text


@pytest.mark.parametrize("text", ["a`b", "``", "a|b", "line\nline"])
def test_a_code_span_ends_where_it_should(text: str) -> None:
    assert len(shown(f"| a |\n|---|\n| {code(text)} |\n", "code")) == 1


def test_an_address_cannot_leave_its_brackets() -> None:
    assert address("http://127.0.0.1:4200/runs/1> <b>\n") == "http://127.0.0.1:4200/runs/1b"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "not reached"),
        (0, "0 s"),
        (0.004, "0.00 s"),
        (4.591, "4.59 s"),
        (9.999, "10.0 s"),
        (59.4, "59.4 s"),
        (59.96, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (7260, "2 h 1 min"),
    ],
)
def test_durations_are_read_at_a_glance(seconds: float | None, expected: str) -> None:
    assert duration(seconds) == expected


def test_times_are_utc() -> None:
    assert moment(START) == "2026-11-22 03:15:02 UTC"
    assert moment(None) == "not reached"
    assert clock(START) == "03:15:02.000"


def test_a_template_that_is_not_there_or_not_served_raises() -> None:
    with pytest.raises(TemplateNotFound):
        fill("nobody.md.j2")
    with pytest.raises(UndefinedError):
        fill("_head.md.j2")
