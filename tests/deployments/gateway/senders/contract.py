"""What every sender must do. A test class subclasses it and gives `settings`, `body`, `headers` and what is expected."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from deployments.gateway.senders.contract import BadAlert, Call, Sender, Unauthenticated
from deployments.gateway.senders_file import sender_class
from domain.alert import Alert, Status
from tests.deployments.gateway.senders.nested import changed

PAYLOADS = Path(__file__).parent / "payloads"
SECRET = "a secret of some length"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SOON = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
"""A few minutes after what the payloads tell of."""


def payload(name: str) -> Any:
    """A payload as the sender's documentation or a recording has it."""
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def sender(**settings: Any) -> Sender:
    """The sender as `alerts.yaml` would make it."""
    return sender_class(settings["kind"]).model_validate({"name": settings["kind"], **settings})


def call(body: Any, headers: Mapping[str, str] | None = None, at: datetime = NOW) -> Call:
    """One request."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Call(headers or {}, data, at)


class SenderContract:
    """Fixtures of the subclass: `settings` of its entry, with credentials; `body` of its recorded payload.

    `signed(body)` gives the headers and the bytes of a call that proves itself. `told`: what the body leaves to the settings.
    """

    told: tuple[str | None, str | None] = ("shop/production", "service-outage")

    @pytest.fixture
    def body(self, settings: dict[str, Any]) -> Any:
        return payload(settings["kind"])

    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        raise NotImplementedError

    def signed(self, body: Any) -> Call:
        return call(body, {"authorization": f"Bearer {SECRET}"})

    def read(self, settings: dict[str, Any], body: Any) -> list[Alert]:
        made, given = sender(**settings), self.signed(body)
        made.authenticate(given)
        return made.read(given)

    def test_a_recorded_payload_is_one_alert(self, settings: dict[str, Any], body: Any) -> None:
        [alert] = self.read(settings, body)
        assert (alert.name, alert.status, alert.sender) == (
            "HighErrorRate", Status.FIRING, settings["kind"],
        )  # fmt: skip
        assert (alert.application, alert.issue) == self.told
        assert alert.summary
        assert alert.fingerprint
        assert alert.started_at.date().isoformat() == "2026-11-20"
        assert alert.link is None or alert.link.startswith(("https://", "http://"))

    def test_sent_again_it_is_the_same_event(self, settings: dict[str, Any], body: Any) -> None:
        [first], [again] = self.read(settings, body), self.read(settings, body)
        assert first.event_id == again.event_id

    def test_only_with_its_credentials(self, settings: dict[str, Any], body: Any) -> None:
        made, good = sender(**settings), self.signed(body)
        made.authenticate(good)
        for headers in ({}, {name: value[:-1] for name, value in good.headers.items()},
                        dict.fromkeys(good.headers, ""), dict.fromkeys(good.headers, "Ünicode")):  # fmt: skip
            if headers == good.headers:
                continue
            with pytest.raises(Unauthenticated):
                made.authenticate(Call(headers, self.unsigned(good.body), good.at))

    def unsigned(self, body: bytes) -> bytes:
        """The body without what proves it, where that is in the body."""
        return body

    def test_a_group_or_alert_whose_name_cannot_be_shown_is_taken(
        self, settings: dict[str, Any], body: Any
    ) -> None:
        """One name of control letters refused all that came with it."""
        text = json.dumps(body)
        assert "HighErrorRate" in text
        [alert] = self.read(settings, json.loads(text.replace("HighErrorRate", "\\u0001")))
        assert alert.name == "alert"

    def test_a_bearer_of_any_letters_fits(self, settings: dict[str, Any]) -> None:
        bearer = "lösung, schön geheim"
        made = sender(**{**settings, "bearer": bearer})
        made.admit({"authorization": f"Bearer {bearer}".encode().decode("latin-1")})
        with pytest.raises(Unauthenticated):
            made.admit({"authorization": f"Bearer {bearer}x".encode().decode("latin-1")})

    def test_it_shows_no_secret(self, settings: dict[str, Any]) -> None:
        assert SECRET not in repr(sender(**settings))

    def test_the_entry_tells_what_the_alert_does_not(self, settings: dict[str, Any], body: Any) -> None:
        told = {**settings, "application": "other/production", "issue": "told"}
        [alert] = self.read(told, body)
        expected = (self.told[0] or "other/production", self.told[1] or "told")
        assert (alert.application, alert.issue) == expected

    @pytest.mark.parametrize(
        "broken", [b"", b"x", b"[]", b"{}", b"null", b"NaN", b"[" * 5000, b"\xff", b"[[]]"]
    )
    def test_what_is_no_alert_is_refused_or_nothing(self, settings: dict[str, Any], broken: bytes) -> None:
        with suppress(BadAlert):
            assert sender(**settings).read(call(broken)) == []

    def test_whatever_is_changed_in_it_is_refused_or_read(self, settings: dict[str, Any], body: Any) -> None:
        made = sender(**settings)
        for other in changed(body):
            with suppress(BadAlert):
                made.read(self.signed(other))

    def test_an_unknown_key_is_refused(self, settings: dict[str, Any]) -> None:
        with pytest.raises(ValidationError, match="extra_forbidden"):
            sender(**settings, colour="red")

    @pytest.mark.parametrize("key", ["bearer", "password"])
    def test_a_short_secret_is_refused(self, settings: dict[str, Any], key: str) -> None:
        with pytest.raises(ValidationError, match="fewer than 16"):
            sender(**{**settings, "user": "ann", key: "short"})
