"""`smoke`: a runbook's smoke test, a sequence of requests that keeps what it needs and removes what it made."""

import secrets
import time
from collections.abc import Sequence
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from blocks.http_client import HttpClient, NoAnswer
from blocks.http_expectation import MISSING, body_of, value_at
from blocks.http_request import HttpRequest, send_plain
from blocks.placeholders import NAME, filled, filled_path, placeholders
from blocks.signals.contract import Place, Signal
from domain.findings import Finding

UNIQUE = "unique"


class StepFailed(Exception):
    """A step did not pass. `symptom`: a few comparable words; the text is a line for a person."""

    def __init__(self, step: str, symptom: str, said: str) -> None:
        super().__init__(f"{step}: {said}")
        self.symptom = f"{step} {symptom}"


class Step(HttpRequest):
    """One request. `{unique}`, and `{name}` of what an earlier step kept, are filled into path, headers and body."""

    name: str = Field(min_length=1, description="What the step is called in findings: `log in`.")
    keep: dict[str, str] = Field(default_factory=dict, description="Name -> dotted key of the JSON answer.")

    def needs(self) -> set[str]:
        """The placeholders in it."""
        texts = [self.path, *(value.get_secret_value() for value in self.headers.values())]
        body = None if self.body is None else self.body.get_secret_value()
        return placeholders([*texts, body])


class Smoke(Signal):
    """Sends `steps` until one fails, then `cleanup`, always: what a test makes in production must not stay there."""

    brief: ClassVar[bool] = False
    kind: Literal["smoke"] = "smoke"
    steps: list[Step] = Field(min_length=1, description="The requests, in order.")
    cleanup: list[Step] = Field(
        default_factory=list, description="Requests that remove the test's data; always sent."
    )
    step_timeout_s: float = Field(default=5.0, gt=0, le=60, description="Seconds for one request.")

    @model_validator(mode="after")
    def _placeholders_are_known(self) -> Self:
        known = {UNIQUE}
        for step in [*self.steps, *self.cleanup]:
            unknown = sorted(step.needs() - known)
            if unknown:
                raise ValueError(f"step {step.name!r} uses {{{unknown[0]}}}, which no step before it keeps")
            if wrong := [name for name in step.keep if not NAME.fullmatch(name) or name == UNIQUE]:
                raise ValueError(
                    f"step {step.name!r} cannot keep a value as {wrong[0]!r}: small letters, digits and _"
                )
            known |= set(step.keep)
        return self

    def observe(self, place: Place) -> Finding:
        """Send all steps, each within `step_timeout_s`. A cleanup that fails is bad too: data was left behind."""
        if place.url is None:
            return self.no_data(place, f"{place.name} has no address")
        started = time.monotonic()
        with HttpClient() as client:
            failure, left = self._sent(_Sequence(client, place.url, self.step_timeout_s))
        seconds = time.monotonic() - started
        if failure or left:
            said = [str(failure)] if failure else []
            said += [f"cleanup failed, test data may be left ({error})" for error in left]
            symptom = failure.symptom if failure else "cleanup"
            return self.bad(place, "; ".join(said), symptom, value=seconds, unit="s")
        return self.ok(place, f"{len(self.steps)} steps passed", value=seconds, unit="s")

    def _sent(self, sequence: "_Sequence") -> tuple[StepFailed | None, list[StepFailed]]:
        """What failed of the steps, and of the cleanup, which is sent also when we are interrupted."""
        failure: StepFailed | None = None
        left: list[StepFailed] = []
        try:
            failure = sequence.until_failure(self.steps)
        finally:
            left = sequence.all(self.cleanup)
        return failure, left


class _Sequence:
    """The steps of one look, with what they have kept so far."""

    def __init__(self, client: HttpClient, base: str, within_s: float) -> None:
        self._client = client
        self._base = base
        self._within_s = within_s
        self._kept = {UNIQUE: secrets.token_hex(6)}

    def until_failure(self, steps: Sequence[Step]) -> StepFailed | None:
        """Send them in order; the first failure, after which nothing is sent."""
        return next((failure for step in steps if (failure := self._failure(step))), None)

    def all(self, steps: Sequence[Step]) -> list[StepFailed]:
        """Send them all; the failures."""
        return [failure for step in steps if (failure := self._failure(step))]

    def _failure(self, step: Step) -> StepFailed | None:
        missing = sorted(step.needs() - set(self._kept))
        if missing:
            return StepFailed(
                step.name, f"no {missing[0]}", f"could not be sent, no step has kept {missing[0]}"
            )
        try:
            self._send(step)
        except NoAnswer as error:
            return StepFailed(step.name, error.symptom, error.said)
        except StepFailed as failure:
            return failure
        return None

    def _send(self, step: Step) -> None:
        headers = {name: filled(value.get_secret_value(), self._kept) for name, value in step.headers.items()}
        body = None if step.body is None else filled(step.body.get_secret_value(), self._kept)
        url = self._base + filled_path(step.path, self._kept)
        answer = send_plain(self._client, step.method, url, headers, body, self._within_s)
        if mismatch := step.expect.mismatch(answer):
            raise StepFailed(step.name, mismatch.symptom, mismatch.said)
        for name, key in step.keep.items():
            value = value_at(body_of(answer), key)
            if value is MISSING or not isinstance(value, str | int):
                raise StepFailed(
                    step.name, f"no {key}", f"the answer holds no {key} that is text or a number"
                )
            self._kept[name] = str(value)
