"""The documents that are made from code: the configuration reference, the editors' schema, the table of outcomes.

`make schema` writes them; a test fails where they are older than the code.
"""

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from blocks import configuration
from blocks.adapter import FAMILIES, adapter_class, kinds
from domain.outcomes import ENDS
from domain.presets import PRESETS
from domain.report.markdown import duration
from domain.thresholds import THRESHOLDS
from domain.triggers import Level

Schema = dict[str, Any]

REFERENCE, SCHEMA, CONCEPTS = "configuration.md", "backout.schema.json", "concepts.md"
OPENING = "<!-- outcomes: made by `make schema` -->\n"
CLOSING = "<!-- end of outcomes -->"
NOT_SHOWN = ("kind",)
PARTS = (
    "Document",
    "Watch",
    "Trigger",
    "Condition",
    "ReadinessSettings",
    "AlertSettings",
    "AlertRule",
    "Contact",
    "Identities",
    "Hours",
    "Policy",
    "Rule",
    "Consent",
    "ConsentChange",
    "Issue",
    "Budget",
    "FollowUps",
    "Deploy",
    "Limits",
    "DrillSettings",
    "DrillFault",
    "Objectives",
)
"""The sections that belong to no family, in the order of a reader's questions."""

BELOW = {
    "platforms": (
        "Program",
        "ComposeProject",
        "SlotServices",
        "SlotPrograms",
        "Supervisord",
        "ClusterSettings",
        "Workload",
        "FeatureFlag",
        "SlotDeployment",
    ),
    "databases": ("Programs", "Backups", "Retention"),
    "signals": ("Expectation", "Step", "Metric", "StatusPage"),
}
"""What adapters of a family are made of."""

ATTRIBUTE = re.compile(r"^ {4}(\w+(?:, \w+)*): (.+?)(?=\n {4}\w|\Z)", re.MULTILINE | re.DOTALL)

INTRODUCTION = """\
# Configuration

Made from the code by `make schema`: do not edit it here.

One file, `backout.yaml`, describes your applications: one entry for each application and environment, under the key
`applications`. `backout init` writes a first one, `backout apply` checks and saves it, `backout apply --dry-run` shows
what would change. Unknown keys and missing settings are errors; the message names file, key and what is allowed.

A secret is a reference: `${NAME}` is read from the environment where the run executes, `block:slug/name` from a
Prefect block. `$${` stands for a literal `${`. `kind` chooses the adapter.

Editors check the file as you type with [backout.schema.json](backout.schema.json): `backout schema --output
backout.schema.json` writes it beside your file, whose first line names it:

```yaml
# yaml-language-server: $schema=./backout.schema.json
```
"""


def write(folder: Path) -> None:
    """Write all of them into the folder of the documents. Raises OSError."""
    for name, text in documents(folder).items():
        (folder / name).write_text(text, encoding="utf-8")


def documents(folder: Path) -> dict[str, str]:
    """File name -> its text, as the code says now; what people wrote around a made part stays."""
    schema = configuration.schema()
    return {
        REFERENCE: reference(schema),
        SCHEMA: json.dumps(schema, indent=2, sort_keys=True) + "\n",
        CONCEPTS: with_outcomes((folder / CONCEPTS).read_text(encoding="utf-8")),
    }


def with_outcomes(text: str) -> str:
    """The text with the table of outcomes between its two marks. Raises ValueError where a mark is missing."""
    before, after = text.split(OPENING)
    _old, rest = after.split(CLOSING)
    head = "| outcome | what it means | what you do next | exit code | state in Prefect |"
    rows = [
        f"| `{outcome}` | {end.words} | {end.next_step} | {end.exit_code} | {end.state_name} ({end.state.lower()}) |"
        for outcome, end in ENDS.items()
    ]
    table = "\n".join([head, "|---|---|---|---|---|", *rows])
    return f"{before}{OPENING}\n{table}\n\n{CLOSING}{rest}"


def reference(schema: Schema) -> str:
    """Every key of `backout.yaml`, in Markdown."""
    definitions = schema["$defs"]
    parts = [INTRODUCTION, *(_section(name, definitions[name], "##") for name in PARTS)]
    for family in FAMILIES:
        parts.append(f"## {family.capitalize()}\n")
        for kind in kinds(family):
            found = definitions[adapter_class(family, kind).__name__]
            parts.append(_section(found["title"], found, "###", kind))
        parts += [_section(name, definitions[name], "###") for name in BELOW.get(family, ())]
    return "\n".join([*parts, _presets(), _thresholds()])


def _section(name: str, definition: Schema, level: str, kind: str = "") -> str:
    said, _, rest = definition.get("description", "").partition("\n\nAttributes:\n")
    told = {key: " ".join(text.split()) for keys, text in ATTRIBUTE.findall(rest) for key in keys.split(", ")}
    needed = definition.get("required", [])
    rows = [
        f"| `{key}` | {_type(field)} | {_default(field, needed=key in needed)} | {_said(field, told.get(key, ''))} |"
        for key, field in definition.get("properties", {}).items()
        if key not in NOT_SHOWN
    ]
    table = ["| key | value | default | |", "|---|---|---|---|", *rows, ""]
    heading = f"`kind: {kind}`" if kind else _words(name)
    return "\n".join([f"{level} {heading}\n", f"{said}\n", *table])


def _words(name: str) -> str:
    return "An application" if name == "Document" else name


def _type(field: Schema) -> str:
    """What may be written, in a few words."""
    choices = [choice for choice in field.get("anyOf", []) if choice.get("type") != "null"]
    if choices:
        return " or ".join(_type(choice) for choice in choices)
    if "$ref" in field:
        return _linked(field["$ref"].rpartition("/")[2])
    if "enum" in field:
        return _choice(field["enum"])
    if field.get("type") == "array":
        return f"list of {_type(field['items']).replace('one of the ', '')}"
    if field.get("type") == "object":
        inner = field.get("additionalProperties")
        return f"name → {_type(inner)}" if isinstance(inner, dict) else "mapping"
    return _plain(field)


def _plain(field: Schema) -> str:
    words = {"string": "text", "number": "number", "integer": "whole number", "boolean": "`true` or `false`"}
    word = (
        "secret text" if field.get("format") == "password" else words.get(field.get("type", ""), "anything")
    )
    limits = {"exclusiveMinimum": "more than", "minimum": "at least", "maximum": "at most"}
    said = [f"{limit} {field[key]:g}" for key, limit in limits.items() if key in field]
    return f"{word}, {', '.join(said)}" if said else word


def _linked(name: str) -> str:
    definition = configuration.schema()["$defs"][name]
    if "enum" in definition:
        return _choice(definition["enum"])
    family = f"{name.lower().removesuffix('s')}s"
    if family in FAMILIES:
        return f"[one of the {family}](#{family})"
    return f"[{_words(name)}](#{_words(name).lower().replace(' ', '-')})"


def _choice(values: Iterable[Any]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _default(field: Schema, *, needed: bool) -> str:
    if needed:
        return "**needed**"
    return f"`{json.dumps(field['default'])}`" if field.get("default") not in (None, "", [], {}) else ""


def _said(field: Schema, told: str) -> str:
    return str(field.get("description") or told).replace("\n", " ").replace("|", "\\|")


def _presets() -> str:
    lines = [
        "## Presets\n",
        "What `policy: {preset: NAME}` starts from. Each row says which runbook it comes from.\n",
    ]
    for name, policy in PRESETS.items():
        lines += [
            f"### {name}\n",
            "| severity | action | RTO | people asked | they have |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {severity} | {rule.action} | {duration(rule.rto_s)} | {rule.consent.people} "
            f"| {duration(rule.deadline_s) if rule.consent.people else '-'} |"
            for severity, rule in policy.rules.items()
        ]
        lines += ["", "| issue | severity | source |", "|---|---|---|"]
        lines += [f"| {issue.name} | {issue.severity} | {issue.source} |" for issue in policy.issues]
        lines += ["", f"Watched after a rollback: {duration(policy.watch_s)}.\n"]
    return "\n".join(lines)


def _thresholds() -> str:
    lines = [
        "## Thresholds\n",
        "The triggers that `watch: {preset: NAME}` starts from. Each row says which runbook it comes from.\n",
    ]
    for name, triggers in THRESHOLDS.items():
        lines += [
            f"### watch: {name}\n",
            "| trigger | rule | level | issue | source |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {row.name} | {row.words} | {row.level} | {row.issue if row.level is Level.ROLL_BACK else '-'} | {row.source} |"
            for row in triggers
        ]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
