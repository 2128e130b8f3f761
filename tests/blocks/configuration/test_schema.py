"""The JSON schema for editors."""

import json
from pathlib import Path

import pytest

from blocks.adapter import FAMILIES, kinds
from blocks.configuration import schema, write_schema
from tests.blocks.configuration.documents import APPLICATION, changed


def test_the_schema_offers_the_kinds_of_each_family() -> None:
    found = schema()
    contracts = ("Platform", "Router", "Host", "Database", "Migrations", "Signal", "Channel")
    for family, contract in zip(FAMILIES, contracts, strict=True):
        choice = found["$defs"][contract]["oneOf"]
        offered = {
            found["$defs"][place["$ref"].removeprefix("#/$defs/")]["properties"]["kind"]["const"]
            for place in choice
        }
        assert offered == set(kinds(family))


def test_every_setting_is_described_in_the_schema() -> None:
    held = schema()["$defs"]["Document"]["properties"]
    assert [key for key, value in held.items() if "description" not in value] == []


def test_the_schema_takes_what_we_take() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    check = jsonschema.Draft202012Validator(schema())
    assert list(check.iter_errors({"applications": [APPLICATION]})) == []
    for path in (("plattform",), ("health", "kind"), ("policy", "watch")):
        assert list(check.iter_errors({"applications": [changed(*path, to="x")]}))


def test_the_schema_is_written_for_editors(tmp_path: Path) -> None:
    write_schema(tmp_path / "schema.json")
    assert json.loads((tmp_path / "schema.json").read_text()) == schema()
