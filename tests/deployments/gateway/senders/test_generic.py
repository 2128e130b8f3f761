"""Whatever posts JSON, by templates."""

from typing import Any

import pytest
from pydantic import ValidationError

from deployments.gateway.senders.contract import BadAlert, Unauthenticated
from domain.alert import Status
from tests.deployments.gateway.senders.contract import NOW, SECRET, SenderContract, call, payload, sender

MAPPED = {
    "name": "{{ monitor.name }}",
    "application": "{{ monitor.tags.app }}/production",
    "status": "{{ 'resolved' if up else 'firing' }}",
    "fingerprint": "{{ monitor.id }}",
    "started_at": "{{ since }}",
}
OTHERS = {
    "monitor": {"id": 7, "name": "front page", "tags": {"app": "shop"}},
    "up": False,
    "since": 1795161146,
}


class TestGeneric(SenderContract):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"kind": "generic", "bearer": SECRET}


def test_templates_find_the_parts_in_any_json() -> None:
    made = sender(kind="generic", bearer=SECRET, fields=MAPPED)
    [alert] = made.read(call(OTHERS))
    assert (alert.name, alert.application, alert.fingerprint) == ("front page", "shop/production", "7")
    assert alert.started_at.isoformat() == "2026-11-20T07:52:26+00:00"
    [ended] = made.read(call({**OTHERS, "up": True}))
    assert ended.status is Status.RESOLVED


@pytest.mark.parametrize("said", ["3", 3, "1999-12-31T00:00:00Z", "2027-01-01", 99999999999])
def test_a_start_that_cannot_be_is_none(said: Any) -> None:
    """A counter, or a clock that was never set: the record is not to say that it began in 1970."""
    [alert] = sender(kind="generic", bearer=SECRET).read(call({**payload("generic"), "started_at": said}))
    assert alert.started_at == NOW


@pytest.mark.parametrize(
    "template", ["{{ ''.__class__.__mro__ }}", "{{ monitor.keys.__globals__ }}", "{{ 1 / 0 }}"]
)
def test_a_template_reaches_nothing_but_the_body(template: str) -> None:
    made = sender(kind="generic", bearer=SECRET, fields={"name": template})
    with pytest.raises(BadAlert):
        made.read(call(OTHERS))


def test_a_template_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValidationError, match="name is no template"):
        sender(kind="generic", bearer=SECRET, fields={"name": "{{ name"})


def test_a_template_in_the_body_is_only_text() -> None:
    [alert] = sender(kind="generic", bearer=SECRET).read(call({**payload("generic"), "name": "{{ 7 * 7 }}"}))
    assert alert.name == "{{ 7 * 7 }}"


@pytest.mark.parametrize("headers", [{}, {"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"},
                                     {"content-type": "application/json", "origin": "https://evil.example"}])  # fmt: skip
def test_without_credentials_no_web_page_may_send(headers: dict[str, str]) -> None:
    made = sender(kind="generic")
    with pytest.raises(Unauthenticated):
        made.authenticate(call(payload("generic"), headers))
    made.authenticate(call(payload("generic"), {"content-type": "application/json; charset=utf-8"}))
