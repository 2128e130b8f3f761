"""Every kind of signal has its row in `docs/signals.md`, and examples that are valid settings."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from blocks.adapter import kinds
from blocks.secrets import resolve
from tests.blocks.signals.contract import signal

VALUES = {
    "DATABASE_URL": "postgresql://shop@127.0.0.1/shop",
    "REDIS_URL": "redis://127.0.0.1/0",
    "PROMETHEUS_TOKEN": "t0ken",
    "SENTRY_TOKEN": "t0ken",
    "SHOP_TOKEN": "t0ken",
}
TEXT = (Path(__file__).parents[3] / "docs" / "signals.md").read_text()
BLOCKS = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]
EXAMPLES = [entry for block in BLOCKS for entry in ([block] if "kind" in block else block["signals"])]


@pytest.mark.parametrize("kind", kinds("signals"))
def test_each_kind_has_a_row_and_an_example(kind: str) -> None:
    assert f"| [`{kind}`](#{kind}) |" in TEXT
    assert f"\n### {kind}\n" in TEXT
    assert kind in {example["kind"] for example in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example["kind"]))
def test_each_example_is_valid(example: dict[str, Any]) -> None:
    assert signal(**resolve(example, "docs/signals.md", VALUES)).kind == example["kind"]
