"""Every kind of channel has its row in `docs/channels.md`, and examples that are valid settings."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from blocks.adapter import adapter_class, kinds
from blocks.channels.contract import Channel
from blocks.secrets import resolve
from domain.message import Moment
from domain.message_templates import NAMES, problems
from domain.policy import MessageLayout

VALUES = dict.fromkeys(("PAGERDUTY_KEY", "STATUSPAGE_KEY", "SMTP_PASSWORD", "SLACK_TOKEN"), "t0ken")
TEXT = (Path(__file__).parents[3] / "docs" / "channels.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]
EXAMPLES = [
    entry for block in BLOCKS for entry in ([block] if "kind" in block else block.get("channels", []))
]


@pytest.mark.parametrize("kind", kinds("channels"))
def test_each_kind_has_a_row_and_an_example(kind: str) -> None:
    assert f"| [`{kind}`](#{kind}) |" in TEXT
    assert f"\n### {kind}\n" in TEXT
    assert kind in {example["kind"] for example in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example["kind"]))
def test_each_example_is_valid(example: dict[str, Any]) -> None:
    raw = resolve(example, "docs/channels.md", VALUES)
    assert isinstance(adapter_class("channels", example["kind"]).model_validate(raw), Channel)


@pytest.mark.parametrize("moment", Moment)
def test_each_moment_says_what_each_channel_does(moment: Moment) -> None:
    assert f"\n| `{moment}`" in TEXT


@pytest.mark.parametrize("name", NAMES)
def test_each_template_is_named(name: str) -> None:
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize("layout", get_args(MessageLayout))
def test_each_layout_has_a_row(layout: str) -> None:
    assert f"\n| `{layout}` |" in TEXT


def test_the_template_that_is_shown_can_be_used() -> None:
    (shown,) = re.findall(r"```jinja\n(.*?)```", TEXT, re.DOTALL)
    assert problems({"started.md.j2": shown}) == []
