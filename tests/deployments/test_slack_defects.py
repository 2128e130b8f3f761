"""A press that meets a defect: Slack has its answer by then and its SDK is kept silent, so the log of `serve` must say it."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from blocks.home import Home
from deployments import slack_answers
from tests.fakes.slack_socket import pressed


class Log:
    """What was logged."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def warning(self, *words: Any) -> None:
        self.said.append(str(words))

    def exception(self, *words: Any) -> None:
        self.said.append(str(words))


def test_it_is_logged_and_ends_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_arguments: object) -> None:
        raise KeyError("a defect")

    log = Log()
    monkeypatch.setattr(slack_answers, "get_logger", lambda _name: log)
    monkeypatch.setattr(slack_answers, "installation", lambda _home: nullcontext())
    monkeypatch.setattr(slack_answers, "_react", broken)
    slack_answers.react(Home(tmp_path), pressed("backout_approve", "incident-1", "U0BOB"), [])
    assert "met a defect" in log.said[0]
