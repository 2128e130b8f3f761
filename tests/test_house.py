"""The house's own rules: sizes, names, a word on each room's door, and a test for each adapter."""

import ast
import importlib.util
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
ROOMS = ("domain", "blocks", "tasks", "flows", "deployments", "examples", "benchmarks")
FAMILIES = ("platforms", "routers", "hosts", "databases", "migrations", "signals", "channels")
TARGETS = ("demo", "test", "test-all", "check", "bench", "install", "serve", "schema", "image", "clean")
FORBIDDEN_WORDS = {"util", "utils", "helper", "helpers", "manager", "managers", "misc"}
LONGEST_FILE = 250
LONGEST_FUNCTION = 40

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (CHECKOUT / folder).rglob("*.py"))


def adapters() -> list[Path]:
    files = python_files(*(f"blocks/{family}" for family in FAMILIES))
    return [path for path in files if path.stem not in {"__init__", "contract"}]


def words(name: str) -> set[str]:
    """The words of a name in snake_case or CamelCase: `HTTPProbe_list` is http, probe, list."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def definitions(path: Path) -> Iterator[Function | ast.ClassDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, Function | ast.ClassDef):
            yield node


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring: a long promise is no long function."""
    body = function.body
    end = function.end_lineno or function.lineno
    docstring = body[0] if ast.get_docstring(function) else None
    explained = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0
    return end - function.lineno + 1 - explained


def entry_modules() -> set[str]:
    """The modules that pyproject.toml names as a command or as a part of Prefect."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    groups = [project["scripts"], *project["entry-points"].values()]
    return {target.partition(":")[0] for group in groups for target in group.values()}


def relative(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


def test_no_file_is_too_long() -> None:
    lines = {relative(path): len(path.read_text().splitlines()) for path in python_files(*ROOMS, "tests")}
    assert {name: count for name, count in lines.items() if count > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    found = {
        f"{relative(path)}:{node.lineno} {node.name}": length(node)
        for path in python_files(*ROOMS, "tests")
        for node in definitions(path)
        if isinstance(node, Function)
    }
    assert {name: count for name, count in found.items() if count > LONGEST_FUNCTION} == {}


def test_names_say_what_a_thing_is() -> None:
    names = {relative(path): path.stem for path in python_files(*ROOMS, "tests")}
    for path in python_files(*ROOMS, "tests"):
        names |= {f"{relative(path)}:{node.lineno}": node.name for node in definitions(path)}
    assert {place: name for place, name in names.items() if words(name) & FORBIDDEN_WORDS} == {}


@pytest.mark.parametrize("name", ["ssl_utils", "LockManager", "TestHelpers", "misc"])
def test_forbidden_words_are_seen_in_any_spelling(name: str) -> None:
    assert words(name) & FORBIDDEN_WORDS


def test_nothing_is_left_to_do() -> None:
    marks = re.compile(r"#.*\b(TODO|FIXME|XXX)\b")
    left = [relative(path) for path in python_files(*ROOMS) if marks.search(path.read_text())]
    assert left == []


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_says_what_it_is_for(room: str) -> None:
    assert ast.get_docstring(ast.parse((CHECKOUT / room / "__init__.py").read_text()))


def test_each_adapter_has_its_test() -> None:
    missing = [
        test
        for path in adapters()
        if not (CHECKOUT / (test := f"tests/blocks/{path.parent.name}/test_{path.stem}.py")).is_file()
    ]
    assert missing == []


def test_each_family_of_adapters_has_a_contract() -> None:
    families = {path.parent for path in adapters()}
    assert [relative(family) for family in families if not (family / "contract.py").is_file()] == []


@pytest.mark.parametrize("target", TARGETS)
def test_make_has_the_target(target: str) -> None:
    assert re.search(rf"^{target}:.*## \w", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("script", ["run", "wheelhouse"])
def test_the_scripts_of_ci_can_be_run(script: str) -> None:
    assert os.access(CHECKOUT / ".ci" / script, os.X_OK)


@pytest.mark.parametrize("module", sorted(entry_modules()))
def test_what_the_package_announces_is_there(module: str) -> None:
    assert importlib.util.find_spec(module) is not None


def test_the_locks_agree() -> None:
    image, checkout = (
        set(re.findall(r"^([\w.-]+==[\w.]+)", (CHECKOUT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert image <= checkout


def test_no_package_index_is_named() -> None:
    files = [
        CHECKOUT / name for name in ("requirements.lock", "requirements-dev.lock", "Makefile", "Dockerfile")
    ]
    assert [
        path.name for path in files if re.search(r"index-url|find-links http|https?://", path.read_text())
    ] == []
