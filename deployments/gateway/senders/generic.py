"""Anything that can post JSON: templates say where in it the parts of an alert are."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

from jinja2 import ChainableUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError, field_validator

from deployments.gateway.moments import credible, from_epoch
from deployments.gateway.senders.alertmanager import fingerprint
from deployments.gateway.senders.contract import BadAlert, Call, Sender
from domain.alert import Alert, Status

LONGEST_TEMPLATE = 1000
LONGEST_TEXT = 5000
RESOLVED = ("resolved", "ok", "recovered", "closed", "normal", "0", "false")
DEFAULTS = {
    "name": "{{ name }}",
    "application": "{{ application }}",
    "issue": "{{ issue }}",
    "summary": "{{ summary }}",
    "status": "{{ status | default('firing') }}",
    "fingerprint": "{{ fingerprint }}",
    "started_at": "{{ started_at }}",
    "link": "{{ link }}",
}
"""Each part of an alert, and the template that finds it in the body where the entry has none of its own."""

Part = Literal["name", "application", "issue", "summary", "status", "fingerprint", "started_at", "link"]
UNUSABLE = (
    TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError, MemoryError,
)  # fmt: skip
"""What a template may raise that looks for something else in the body than there is."""

MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


class Generic(Sender):
    """A program that posts one JSON object an alert.

    Attributes:
        fields: part of an alert -> template over the body, `{{ host.name }}` for `{"host": {"name": "..."}}`.
        labels: the key that holds an object with labels.
    """

    kind: Literal["generic"] = "generic"
    fields: dict[Part, str] = Field(default_factory=dict)
    labels: str = "labels"

    @field_validator("fields")
    @classmethod
    def _templates(cls, given: dict[Part, str]) -> dict[Part, str]:
        for part, text in given.items():
            if len(text) > LONGEST_TEMPLATE:
                raise ValueError(f"{part} is longer than {LONGEST_TEMPLATE} letters")
            try:
                ENVIRONMENT.from_string(text)
            except TemplateSyntaxError as error:
                raise ValueError(f"{part} is no template: {error.message}") from None
        return given

    @cached_property
    def _compiled(self) -> dict[str, Any]:
        return {part: ENVIRONMENT.from_string(text) for part, text in self._texts().items()}

    def _texts(self) -> dict[str, str]:
        """Each part's template."""
        own: dict[str, str] = {str(part): text for part, text in self.fields.items()}
        return {**DEFAULTS, **own}

    def read(self, call: Call) -> list[Alert]:
        """The one alert of the body. Raises BadAlert."""
        body = call.json()
        if not isinstance(body, dict):
            raise BadAlert("the body is no JSON object")
        found = {part: self._part(part, body) for part in DEFAULTS}
        labels = body.get(self.labels)
        labels = labels if isinstance(labels, Mapping) else {}
        if not found["name"]:
            raise BadAlert("name: is missing or empty")
        status = Status.RESOLVED if found["status"].lower() in RESOLVED else Status.FIRING
        return [self._alert(found, labels, status, call)]

    def _alert(self, found: dict[str, str], labels: Mapping[Any, Any], status: Status, call: Call) -> Alert:
        own = {"name": found["name"], "application": found["application"], **labels}
        told = {part: found[part] for part in ("application", "issue") if found[part]}
        return self.alert(
            **told,
            fingerprint=found["fingerprint"] or fingerprint(own),
            status=status,
            name=found["name"],
            summary=found["summary"],
            labels=labels,
            started_at=moment(found["started_at"], call),
            link=found["link"],
        )

    def _part(self, part: str, body: dict[str, Any]) -> str:
        """What the template finds. Only one of the entry's own may not fail: the defaults are for what is there."""
        try:
            return str(self._compiled[part].render(_plain(body)))[:LONGEST_TEXT].strip()
        except UNUSABLE:
            raise BadAlert(f"{part}: its template cannot be used on this body") from None


def _plain(body: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in body.items() if key.isidentifier() and item is not None}


ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=ChainableUndefined, autoescape=False)


def moment(text: str, call: Call) -> datetime:
    """A time as ISO 8601 or seconds since 1970; the start of this minute where there is none that can be. Raises BadAlert.

    Without a time each minute's report would be an alert of its own; the cool-down keeps them apart.
    """
    said = _said(text) if text else None
    if said is None or not credible(call.at, said):
        return call.at.replace(second=0, microsecond=0)
    return said


def _said(text: str) -> datetime:
    """What the text says. Raises BadAlert."""
    if text.replace(".", "", 1).isdigit() and (found := from_epoch(text)):
        return found
    try:
        return MOMENT.validate_python(text)
    except ValidationError:
        pass
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise BadAlert("started_at: is no time, like 2026-11-22T16:00:00Z") from None
