import pytest

from blocks.environment_text import rewritten, values

TEXT = """\
# APP_VERSION=0.0.0 is a comment
export APP_VERSION='1.2.3'
DEPLOYMENT_ENV = "green"   # the serving one
PREVIOUS_VERSION=1.2.2 # before
URL=postgresql://u:p#w@db/notes?a=b#c
EMPTY=
"""


def test_reads_values_without_quotes_and_comments() -> None:
    assert values(TEXT) == {
        "APP_VERSION": "1.2.3",
        "DEPLOYMENT_ENV": "green",
        "PREVIOUS_VERSION": "1.2.2",
        "URL": "postgresql://u:p#w@db/notes?a=b#c",
        "EMPTY": "",
    }


def test_changes_values_alone() -> None:
    changed = rewritten(TEXT, {"APP_VERSION": "1.2.2", "DEPLOYMENT_ENV": "blue", "EMPTY": "no more"})
    assert changed.splitlines() == [
        "# APP_VERSION=0.0.0 is a comment",
        "export APP_VERSION='1.2.2'",
        'DEPLOYMENT_ENV = "blue"   # the serving one',
        "PREVIOUS_VERSION=1.2.2 # before",
        "URL=postgresql://u:p#w@db/notes?a=b#c",
        "EMPTY=no more",
    ]
    assert rewritten(TEXT, {}) == TEXT


@pytest.mark.parametrize(
    ("text", "lines"), [("A=1", ["A=1", "B=2"]), ("A=1\n", ["A=1", "B=2"]), ("", ["B=2"])]
)
def test_a_key_that_is_missing_comes_last(text: str, lines: list[str]) -> None:
    assert rewritten(text, {"B": "2"}) == "\n".join(lines) + "\n"


def test_windows_line_endings_stay() -> None:
    assert rewritten("A=1\r\nB=2\r\n", {"A": "3"}) == "A=3\r\nB=2\r\n"
