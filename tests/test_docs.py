"""The documents: what is made from code is up to date, no link is dead, and every command shown exists."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml
from typer.core import TyperGroup

from deployments.catalog import CATALOG
from deployments.cli.app import app
from deployments.reference import documents
from deployments.stock_file import with_deployments

CHECKOUT = Path(__file__).parent.parent
DOCS = CHECKOUT / "docs"
PAGES = [
    CHECKOUT / "README.md",
    CHECKOUT / "CONTRIBUTING.md",
    CHECKOUT / "CHANGELOG.md",
    *sorted(DOCS.glob("*.md")),
]
LARGEST_PICTURE = 250_000
"""Bytes; a checkout carries every version of a picture for ever."""

FENCE = re.compile(r"^ *```\w*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
SHOWN = re.compile(r"^(?:[A-Z_]+=\S+ )*(?:\S*/)?backout (?P<words>.+)$")


def outside_code(text: str) -> str:
    return SPAN.sub("", FENCE.sub("", text))


def anchors(page: Path) -> set[str]:
    headings = HEADING.findall(FENCE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(text: str) -> Iterator[list[str]]:
    """The words behind `backout` of every command line and every code span that shows one."""
    lines = [line.strip() for block in FENCE.findall(text) for line in block.splitlines()]
    for line in [*lines, *SPAN.findall(FENCE.sub("", text))]:
        if shown := SHOWN.match(line.removeprefix("$ ")):
            words = shlex.split(shown["words"], comments=True)
            ends = [index for index, word in enumerate(words) if word in ("|", "&&", ">", "\\")]
            yield words[: min(ends, default=len(words))]


def root() -> TyperGroup:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def unknown(words: list[str]) -> list[str]:
    """What is wrong with a shown command: the command itself, or options it does not have."""
    command = root().commands.get(words[0])
    if isinstance(command, TyperGroup) and len(words) > 1 and not words[1].startswith("-"):
        command = command.commands.get(words[1])
    if command is None:
        return words[:2]
    known = {
        "--help",
        *(name for option in command.params for name in [*option.opts, *option.secondary_opts]),
    }
    return [word for word in words if word.startswith("--") and word.partition("=")[0] not in known]


def test_what_is_made_from_code_is_up_to_date() -> None:
    stale = [name for name, text in documents(DOCS).items() if (DOCS / name).read_text() != text]
    assert stale == [], "run `make schema`"


def test_the_file_for_stock_workers_deploys_what_the_catalog_holds() -> None:
    text = (CHECKOUT / "prefect.yaml").read_text()
    assert text == with_deployments(text), "run `make schema`"
    names = [deployment["name"] for deployment in yaml.safe_load(text)["deployments"]]
    assert names == [deployment.name for deployment in CATALOG]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_link_is_dead(page: Path) -> None:
    dead = []
    for link in LINK.findall(outside_code(page.read_text())):
        target, _, anchor = link.partition("#")
        if target.startswith(("http://", "https://")):
            continue
        file = page.parent / target if target else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            dead.append(link)
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_shown_exists(page: Path) -> None:
    shown = list(commands(page.read_text()))
    assert {" ".join(words): wrong for words in shown if (wrong := unknown(words))} == {}


def test_a_wrong_command_would_be_found() -> None:
    text = (
        "`backout rollbakc shop`\n```\nA=1 .venv/bin/backout rollback shop --now\nbackout audit verfy\n```\n"
    )
    assert [unknown(words) for words in commands(text)] == [
        ["--now"],
        ["audit", "verfy"],
        ["rollbakc", "shop"],
    ]


def test_the_readme_shows_every_command() -> None:
    shown = {words[0] for words in commands((CHECKOUT / "README.md").read_text())}
    assert {name for name, command in root().commands.items() if not command.hidden} - shown == set()


def test_pictures_are_small_and_shown() -> None:
    pictures = {picture.name: picture.stat().st_size for picture in (DOCS / "images").iterdir()}
    assert {name: size for name, size in pictures.items() if size > LARGEST_PICTURE} == {}
    shown = {Path(link).name for page in PAGES for link in LINK.findall(page.read_text())}
    assert set(pictures) <= shown
