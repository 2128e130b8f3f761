"""`alerts.yaml`: what may stand in it, and what keeps `serve` from starting."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from blocks.home import Home
from deployments.gateway.senders_file import BY_TOKEN, kinds, sender_class, senders_of
from domain.errors import ConfigurationError, MissingSecret, UnknownKind
from tests.deployments.gateway.senders.contract import SECRET

TOKEN = "t" * 32


@pytest.fixture
def empty(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").ensure()


def write(home: Home, **senders: Any) -> Home:
    (home.root / "alerts.yaml").write_text(yaml.safe_dump({"senders": senders}))
    return home


def test_without_a_file_the_apis_token_lets_in(empty: Home) -> None:
    found = senders_of(empty, TOKEN, loopback=False)
    assert sorted(found) == list(BY_TOKEN)
    assert all(sender.guarded for sender in found.values())


def test_each_kind_has_its_file_and_its_test() -> None:
    for kind in kinds():
        assert sender_class(kind).model_fields["kind"].default == kind
        assert (Path(__file__).parent / f"senders/test_{kind}.py").is_file()


def test_secrets_come_from_the_environment(empty: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    write(empty, alertmanager={"bearer": "${ALERTS_TOKEN}"}, checks={"kind": "generic", "bearer": SECRET})
    with pytest.raises(MissingSecret, match="ALERTS_TOKEN"):
        senders_of(empty, TOKEN, loopback=True)
    monkeypatch.setenv("ALERTS_TOKEN", SECRET)
    found = senders_of(empty, TOKEN, loopback=True)
    assert {name: sender.kind for name, sender in found.items()} == {
        "alertmanager": "alertmanager",
        "checks": "generic",
    }


def test_without_credentials_only_this_host_may_reach_it(empty: Home) -> None:
    write(empty, generic={}, alertmanager={"bearer": SECRET})
    assert not senders_of(empty, TOKEN, loopback=True)["generic"].guarded
    with pytest.raises(
        ConfigurationError, match=r"senders.generic.*no credentials.*BACKOUT_API_HOST"
    ) as refused:
        senders_of(empty, TOKEN, loopback=False)
    assert "bearer" in str(refused.value)


@pytest.mark.parametrize(
    ("senders", "said"),
    [
        ({"a": {"kind": "nagios"}}, r"senders.a.kind.*alertmanager"),
        ({"nagios": {}}, r"senders.nagios.kind"),
        ({"Alert Manager": {}}, "small letters"),
        ({"generic": []}, "not a mapping"),
        ({"generic": {"colour": "red"}}, r"senders.generic.colour.*not a known key"),
        ({"generic": {"bearer": "short"}}, r"senders.generic.bearer.*fewer than 16"),
        ({"generic": {"fields": {"colour": "x"}}}, r"senders.generic.fields"),
        ({"generic": {"application": "Shop"}}, r"senders.generic.application"),
        ({"cloudwatch": {}}, r"senders.cloudwatch.topics"),
        ({"generic": {"user": "ann"}}, "user and password"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_key(empty: Home, senders: dict[str, Any], said: str) -> None:
    write(empty, **senders)
    with pytest.raises((ConfigurationError, UnknownKind), match=said) as refused:
        senders_of(empty, TOKEN, loopback=True)
    assert "alerts.yaml" in str(refused.value)
    assert "short" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "senders: []", "senders: {}\nmore: 1", "a: b: c"])
def test_a_file_that_is_none_is_told(empty: Home, text: str) -> None:
    (empty.root / "alerts.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"alerts\.yaml"):
        senders_of(empty, TOKEN, loopback=True)
