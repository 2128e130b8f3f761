"""One application of a file, when nothing else can be asked."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from blocks import configuration
from blocks.configuration_alone import document_alone
from domain.errors import ConfigurationError, MissingSecret, UnknownApplication

HEALTH = {"kind": "http", "path": "/health"}


def entry(**changes: Any) -> dict[str, Any]:
    platform = {
        "kind": "processes",
        "folder": "/srv/slots",
        "slots": {
            name: {"command": ["app"], "cwd": "/srv", "address": f"http://127.0.0.1:{port}"}
            for name, port in (("blue", 8001), ("green", 8002))
        },
        "router": {"kind": "caddy_file", "file": "/srv/active", "address": "http://127.0.0.1:8000"},
    }
    return {"name": "shop/production", "platform": platform, "health": HEALTH, **changes}


def written(folder: Path, *entries: dict[str, Any]) -> Path:
    file = folder / "backout.yaml"
    file.write_text(yaml.safe_dump({"applications": list(entries)}))
    return file


def test_no_other_entry_is_looked_at(tmp_path: Path) -> None:
    file = written(tmp_path, {"name": "other/production", "platform": "nonsense"}, entry())
    found = configuration.read_one(file, "shop/production")
    assert (found.at, document_alone(found.raw, found.source)[1]) == ("applications[1]", [])
    with pytest.raises(UnknownApplication, match="shop/production"):
        configuration.read_one(file, "nosuch/production")
    with pytest.raises(ConfigurationError, match="platform"):
        configuration.read_one(file, "other/production")


def test_it_goes_without_what_needs_a_secret_this_host_has_not() -> None:
    raw = entry(
        channels=[
            {"kind": "slack", "name": "ops", "token": "${NO_TOKEN}", "channel": "C1"},
            {"kind": "logfile", "path": "/srv/messages.log"},
        ],
        checks=[{**HEALTH, "name": "smoke"}, {**HEALTH, "name": "deep", "path": "/${NO_PATH}"}],
        database={"kind": "postgresql", "url": "${NO_DATABASE}"},
    )
    document, why = document_alone(raw, "backout.yaml", "applications[0]")
    assert [channel.kind for channel in document.channels] == ["logfile"]
    assert [check.name for check in document.checks] == ["smoke"]
    assert document.database is None
    assert ["channels[0]" in why[0], "checks[1]" in why[1], "database" in why[2]] == [True] * 3
    assert all(f"variable {name} is not set" in said for name, said in zip(
        ("NO_TOKEN", "NO_PATH", "NO_DATABASE"), why, strict=True
    ))  # fmt: skip


def test_prefect_away_costs_only_what_is_kept_there() -> None:
    raw = entry(channels=[{"kind": "slack", "name": "ops", "token": "block:secret/slack", "channel": "C1"}])
    document, [why] = document_alone(raw, "backout.yaml")
    assert document.channels == []
    assert "Prefect" in why


def test_what_is_needed_is_needed() -> None:
    raw = entry(health={**HEALTH, "path": "/${NO_PATH}"})
    with pytest.raises(MissingSecret, match="NO_PATH"):
        document_alone(raw, "backout.yaml")
