"""What the driver of Alembic tells, as steps and errors."""

import json
from collections.abc import Callable
from typing import Any

from blocks.migration_steps.child import Child, Ended
from blocks.migration_steps.script import without_passwords
from domain.database.migration import SchemaStatus, Step
from domain.errors import (
    BackoutError,
    CommandFailed,
    ConfigurationError,
    NoDownStep,
    StepFailed,
    UnknownVersion,
)


class Events:
    """The events of one order, as they come."""

    def __init__(self, child: Child, on_step: Callable[[Step], None] | None) -> None:
        self.steps: list[Step] = []
        self._child, self._on_step = child, on_step
        self._begun: Step | None = None
        self._status: dict[str, list[str]] | None = None
        self._refused: dict[str, Any] | None = None
        self._failed = ""

    def take(self, line: str) -> None:
        """One line of the driver."""
        event = json.loads(line)
        self._refused = event.get("refused", self._refused)
        self._failed = self._child.without_secrets(event.get("failed", self._failed))
        if "applied" in event:
            self._status = event
        elif "begun" in event:
            self._begun = Step.model_validate(event["begun"])
        elif "step" in event or "done" in event:
            step = Step.model_validate(event.get("step") or event["done"])
            self._take_step(step.model_copy(update={"statements": without_passwords(step.statements)}))

    def status(self) -> SchemaStatus:
        """What the order `status` found."""
        return SchemaStatus.model_validate(self._status)

    def finish(self, ended: Ended) -> None:
        """Raise what went wrong, if anything did."""
        if self._refused is not None:
            raise self._refusal(self._refused)
        if ended.code == 0:
            return
        if self._begun is not None:
            raise self._step_failed(self._begun, self._failed or ended.how(self._child.timeout_s))
        raise CommandFailed(self._child.argv, ended.code, self._failed or ended.last_words)

    def _take_step(self, step: Step) -> None:
        self._begun = None
        self.steps.append(step)
        if self._on_step:
            self._on_step(step)

    def _step_failed(self, step: Step, why: str) -> StepFailed:
        left = "it was rolled back" if step.transactional else "what it did in its autocommit_block stays"
        return StepFailed(step.version, step.direction, f"{step.source}: {why}", left)

    def _refusal(self, refused: dict[str, Any]) -> BackoutError:
        if "no_down" in refused:
            return NoDownStep(version=refused["no_down"], looked=refused["looked"])
        if "unknown" in refused:
            return UnknownVersion(version=refused["unknown"], known=refused["known"], where=refused["where"])
        problem = (
            f"env.py connects to database {refused['elsewhere']} and not to the one it was given: let it take"
            " sqlalchemy.url from its configuration, or the variable named under url_variable"
        )
        return ConfigurationError("backout.yaml", "migrations.config", problem)
