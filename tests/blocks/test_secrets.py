"""References to secrets in a raw document."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from blocks import secrets
from blocks.secrets import has_reference, names, references, resolve
from domain.errors import MissingSecret, PrefectUnavailable
from tests.fakes.http_server import HttpServer, Reply, Seen


def found(raw: Any, **values: str) -> Any:
    return resolve(raw, "backout.yaml", values)


def test_variables_are_replaced_everywhere_but_in_keys() -> None:
    raw = {"a": "${X}", "b": [{"c": "postgres://u:${P}@${H}/x"}], "${X}": 1, "n": None, "t": True}
    assert found(raw, X="x", P="p", H="h") == {
        "a": "x",
        "b": [{"c": "postgres://u:p@h/x"}],
        "${X}": 1,
        "n": None,
        "t": True,
    }


def test_the_document_itself_stays_as_it_was() -> None:
    raw = {"a": ["${X}"]}
    found(raw, X="x")
    assert raw == {"a": ["${X}"]}


def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKOUT_TEST_X", "from the environment")
    assert found("${BACKOUT_TEST_X}", BACKOUT_TEST_X="given") == "from the environment"


def test_the_variables_that_are_needed_have_their_place() -> None:
    raw = {"env": {"PW": "${SHOP_PW}"}, "argv": ["x", "$${NOT}", "${A}:${B}"], "url": "block:secret/x"}
    assert list(references(raw, "applications[0]")) == [
        ("SHOP_PW", "applications[0].env.PW"),
        ("A", "applications[0].argv[2]"),
        ("B", "applications[0].argv[2]"),
    ]


def test_a_variable_can_be_empty() -> None:
    assert found("a${X}b", X="") == "ab"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$${X}", "${X}"),
        ("$${X}${X}", "${X}x"),
        ("cost: 5$", "cost: 5$"),
        ("$X $(id) {X}", "$X $(id) {X}"),
        ("block: the last one", "block: the last one"),
    ],
)
def test_what_is_no_reference_stays(text: str, expected: str) -> None:
    assert found(text, X="x") == expected


def test_a_value_is_not_read_again() -> None:
    assert found("${X}", X="${Y} block:secret/x") == "${Y} block:secret/x"


@pytest.mark.parametrize("text", ["${}", "${A-B}", "${A:-default}", "${ A }", "${A", "${1A}"])
def test_what_is_only_like_a_reference_raises(text: str) -> None:
    with pytest.raises(MissingSecret, match=r"stands for a literal"):
        found(text, A="a")


def test_a_missing_variable_is_named_with_its_place() -> None:
    with pytest.raises(MissingSecret) as caught:
        resolve(
            {"slots": [{"env": {"URL": "x ${NOT_THERE}"}}]},
            "backout.yaml",
            {"OTHER": "hunter2"},
            "applications[1]",
        )
    error = caught.value
    assert (error.file, error.key) == ("backout.yaml", "applications[1].slots[0].env.URL")
    assert error.problem == "variable NOT_THERE is not set"
    assert "hunter2" not in str(error)
    assert error.exit_code == 2


def test_names_lists_the_variables() -> None:
    raw = {"a": "${X} $${NOT}", "b": ["${Y}", 1, {"c": "${X}"}], "d": "block:secret/z"}
    assert names(raw) == {"X", "Y"}


@pytest.mark.parametrize(
    ("raw", "has"),
    [("a", False), ({"a": ["${X}"]}, True), (["block:secret/x"], True), ({"${X}": 1}, False), (1, False)],
)
def test_has_reference(raw: Any, *, has: bool) -> None:
    assert has_reference(raw) is has


BLOCKS: dict[str, dict[str, Any]] = {
    "secret/db": {"value": "hunter2"},
    "slack-webhook/ops": {"url": "https://h", "deep": {"er": 5}},
}


@pytest.fixture
def prefect() -> Iterator[HttpServer]:
    """The part of Prefect's API that hands out blocks."""

    def answer(seen: Seen) -> Reply:
        path = seen.path.split("?")[0]
        for name, data in BLOCKS.items():
            slug, block = name.split("/")
            if path == f"/api/block_types/slug/{slug}/block_documents/name/{block}":
                return Reply(body=_block_document(block, data))
        return Reply(404, {"detail": "Block document not found"})

    from prefect.settings import PREFECT_API_URL, temporary_settings

    with HttpServer(answer) as server, temporary_settings({PREFECT_API_URL: f"{server.url}/api"}):
        yield server


def _block_document(name: str, data: dict[str, Any]) -> dict[str, Any]:
    number = "6a1e3bd6-6f5b-4f5c-9d7a-1f2f3a4b5c6d"
    return {"id": number, "name": name, "data": data, "block_schema_id": number, "block_type_id": number}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("block:secret/db", "hunter2"),
        ("block:slack-webhook/ops.url", "https://h"),
        ("block:slack-webhook/ops.deep.er", 5),
        ("block:slack-webhook/ops.deep", {"er": 5}),
    ],
)
def test_a_block_gives_its_field(prefect: HttpServer, text: str, value: Any) -> None:
    assert found({"a": [text]}) == {"a": [value]}
    assert "include_secrets=true" in prefect.seen[-1].path.lower()


@pytest.mark.usefixtures("prefect")
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("block:secret/nope", "block secret/nope does not exist in Prefect"),
        ("block:slack-webhook/ops", "block:slack-webhook/ops has no field value"),
        ("block:slack-webhook/ops.token", "block:slack-webhook/ops.token has no field token"),
        ("block:secret/db.value.more", "block:secret/db.value.more has no field more"),
        ("block:secret/", "is not a block reference: block:slug/name or block:slug/name.field"),
        ("block:secret/db and more", "is not a block reference: block:slug/name or block:slug/name.field"),
    ],
)
def test_a_block_that_cannot_be_resolved_is_named(text: str, problem: str) -> None:
    with pytest.raises(MissingSecret) as caught:
        found({"channels": [{"url": text}]})
    assert (caught.value.key, caught.value.problem) == ("channels[0].url", problem)


def test_a_prefect_that_does_not_answer_is_said(prefect: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    monkeypatch.setattr(prefect, "reply", lambda _seen: Reply(500, {}))
    with (
        temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}),
        pytest.raises(PrefectUnavailable, match="break-glass"),
    ):
        found("block:secret/db")


def test_without_an_address_no_server_is_started() -> None:
    with pytest.raises(PrefectUnavailable, match="no address is set"):
        found("block:secret/db")


def test_prefect_is_not_asked_where_nothing_refers_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_block_data", SimpleNamespace())
    assert found({"a": "${X}"}, X="x") == {"a": "x"}
