"""MVP-011 as an application that no other test knows: a deployment API of its own, and runs on it without Prefect."""

from pathlib import Path
from typing import Any

from blocks.home import Home
from blocks.platforms.deployment_api import DeploymentApi
from examples.mvp_011.stack import Stack, entry
from tests.blocks.ledger_child import KEY
from tests.flows import stage

TOKEN = "correct-horse-battery-staple"
HASTY = {"post_timeout_s": 1.0, "settle_s": 1.0}
"""Seconds for tests that make the API hang."""


class ApiStage(stage.Stage):
    """What a scene stands on: the API, and a store."""

    def __init__(self, stack: Stack, url: str, home: Home | None = None) -> None:
        self.stack = stack
        self.folder = stack.folder
        self.url = url
        self.home = home
        self.key = KEY
        described = entry(stack.url, token=TOKEN, **HASTY)
        self.settings = described["platform"]
        self.api = DeploymentApi.model_validate(self.settings)

    def serving(self) -> str | None:
        return self.api.route().slot


class ApiScene(stage.Scene):
    """One application on it, as the example's `backout.yaml` says."""

    def __init__(self, stack: Stack, url: str, folder: Path) -> None:
        self.stack = stack
        described = entry(stack.url, token=TOKEN, **HASTY)
        name = f"mvp-011/p{next(stage.NUMBERS)}"
        changes: dict[str, Any] = {key: described[key] for key in ("health", "checks", "policy")}
        super().__init__(ApiStage(stack, url), folder, name, changes)

    def history(self) -> list[tuple[str, str]]:
        """What the API did: `deploy` or `rollback`, and the release."""
        entries = self.stack.status()["deploymentHistory"]
        return [(found["action"], found["version"]) for found in entries]
