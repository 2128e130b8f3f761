"""The JSON schema of `backout.yaml`, for editors: every family of adapters is a choice of its kinds."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from blocks.adapter import FAMILIES, Adapter, adapter_class, kinds
from blocks.channels.contract import Channel
from blocks.databases.contract import Database
from blocks.document import Document, File
from blocks.hosts.contract import Host
from blocks.migrations.contract import Migrations
from blocks.platforms.contract import Platform
from blocks.routers.contract import Router
from blocks.signals.contract import Signal
from domain.policy import Policy, Rule
from domain.presets import PRESETS

CONTRACTS: tuple[type[Adapter], ...] = (Platform, Router, Host, Database, Migrations, Signal, Channel)

Schema = dict[str, Any]


def schema() -> Schema:
    """JSON schema (draft 2020-12) of a whole file. A `${NAME}` for a number is good, though an editor will mark it."""
    chosen = {family: [adapter_class(family, kind) for kind in kinds(family)] for family in FAMILIES}
    models: list[type[BaseModel]] = [File, Document, *CONTRACTS, Policy, Rule]
    models += [adapter for adapters in chosen.values() for adapter in adapters]
    places, whole = models_json_schema([(model, "validation") for model in models])
    references = {model: place for (model, _), place in places.items()}
    definitions: Schema = whole["$defs"]
    for contract in CONTRACTS:
        choice = [references[adapter] for adapter in chosen[contract.family]]
        definitions[_key(references[contract])] = _choice(contract, choice)
    _allow_presets(definitions[_key(references[Policy])], definitions[_key(references[Rule])])
    top: Schema = definitions.pop(_key(references[File]))
    top["properties"]["applications"]["items"] = references[Document]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **top,
        "title": "backout.yaml",
        "$defs": definitions,
    }


def write_schema(file: Path) -> None:
    """Write the schema, readable and in an order that stays."""
    file.write_text(json.dumps(schema(), indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _key(reference: Schema) -> str:
    return str(reference["$ref"]).removeprefix("#/$defs/")


def _choice(contract: type[Adapter], choice: list[Schema]) -> Schema:
    said = (contract.__doc__ or "").split("\n\n")[0]
    return {
        "title": contract.__name__,
        "description": said,
        "type": "object",
        "required": ["kind"],
        "oneOf": choice,
    }


def _allow_presets(policy: Schema, rule: Schema) -> None:
    """A policy is laid over a preset, so that nothing in it has to be there."""
    policy["properties"]["preset"] = {
        "enum": list(PRESETS),
        "default": "default",
        "description": "The runbook whose rules are taken; the other keys are laid over it.",
    }
    policy.pop("required", None)
    rule.pop("required", None)
