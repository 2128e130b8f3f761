"""What Prefect's UI draws the forms from, for the real flows: choices are choices, and nothing is a pair of tabs."""

import importlib
from typing import Any

import pytest
from prefect.flows import Flow

from deployments.catalog import CATALOG, Catalogued
from deployments.parameter_form import form_schema


def form_of(entry: Catalogued) -> dict[str, Any]:
    module, _, function = entry.entrypoint.partition(":")
    flow: Flow[..., Any] = getattr(importlib.import_module(module), function)
    fields: dict[str, Any] = form_schema(flow)["properties"]
    return fields


ROLLBACK = next(entry for entry in CATALOG if entry.name == "rollback")


@pytest.mark.parametrize("field", ["severity", "via"])
def test_a_choice_is_one_list(field: str) -> None:
    form = form_of(ROLLBACK)[field]
    assert form["type"] == "string"
    assert len(form["enum"]) > 1


def test_the_issue_is_free_text_since_a_policy_may_have_rows_of_its_own() -> None:
    form = form_of(ROLLBACK)["issue"]
    assert form["type"] == "string"
    assert "enum" not in form
    assert "service-outage" in form["examples"]


def test_what_may_be_left_empty_has_no_default() -> None:
    form = form_of(ROLLBACK)
    assert {name for name in ("severity", "issue", "users", "detection") if "default" in form[name]} == set()


@pytest.mark.parametrize("entry", CATALOG, ids=lambda entry: entry.name)
def test_every_field_says_what_it_is(entry: Catalogued) -> None:
    fields = form_of(entry)
    assert [name for name, field in fields.items() if "anyOf" in field] == []
    assert [name for name, field in fields.items() if not field.get("description")] == []
    assert [field["title"] for field in fields.values() if not field["title"][:1].isupper()] == []
