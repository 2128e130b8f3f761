from typing import Any

import pytest

from blocks import configuration
from blocks.document import Document
from blocks.signals.http import Http
from blocks.watch_settings import unwatched
from domain.errors import ConfigurationError
from domain.triggers import Level
from tests.blocks.configuration.documents import DB_URL, changed

CPU = {"kind": "http", "name": "cpu", "path": "/cpu", "every_s": 30}
HOT = {"signal": "cpu", "above": 80, "unit": "%", "level": "warning"}


def raw(**watch: Any) -> dict[str, Any]:
    return changed("watch", to=watch)


def described(document: dict[str, Any]) -> Document:
    return configuration.document(document, "a test", {"DB_URL": DB_URL})


def names(document: dict[str, Any]) -> list[str]:
    watch = described(document).watch
    return [trigger.name for trigger in watch.all_triggers]


def test_without_a_word_three_failures_in_a_row_start_a_run() -> None:
    watch = described(raw()).watch
    [health] = watch.all_triggers
    assert (health.failures, health.signal, health.level) == (3, "health", Level.ROLL_BACK)


def test_a_preset_with_more_and_other_triggers() -> None:
    assert names(raw(preset="jarvis", triggers=[{"failures": 5}, HOT])) == [
        "health", "error-rate", "loss of performance", "cpu warning",
    ]  # fmt: skip
    assert names(raw(preset="none", triggers=[HOT])) == ["cpu warning"]
    assert names(raw(preset="none")) == []


def test_signals_have_a_clock_of_their_own() -> None:
    [cpu] = described(raw(signals=[CPU])).watch.signals
    assert isinstance(cpu, Http)
    assert cpu.every_s == 30


@pytest.mark.parametrize(
    ("watch", "key", "problem"),
    [
        ({"preset": "mvp"}, "watch.preset", "preset 'mvp' does not exist (allowed: default, flappyjournal"),
        ({"signals": [CPU, CPU]}, "watch.signals", "the name 'cpu' is there twice"),
        ({"signals": [CPU | {"name": "health"}]}, "watch", "the name 'health' is there twice"),
        ({"triggers": [HOT, HOT]}, "watch.triggers", "the name 'cpu warning' is there twice"),
        ({"triggers": [{"signal": "cpu", "above": 1}]}, "watch.triggers[0]", "issue is missing"),
        ({"triggers": [{}]}, "watch.triggers[0]", "needs exactly one of failures, above"),
        ({"triggers": [{"name": "x", "any": [{"failurs": 1}]}]}, "watch.triggers[0].any[0].failurs", "not a known key"),
    ],
)  # fmt: skip
def test_what_cannot_be_watched_is_refused(watch: dict[str, Any], key: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        described(raw(**watch))
    assert caught.value.key == key
    assert problem in caught.value.problem


def test_a_trigger_without_its_signal_and_a_signal_without_a_trigger_are_said() -> None:
    assert unwatched(raw(preset="jarvis", signals=[CPU])) == [
        "trigger error-rate is not watched: no signal named error-rate",
        "trigger loss of performance is not watched: no signal named response-time",
        "signal cpu is sampled, but no trigger looks at it",
    ]
    assert unwatched(raw(preset="jarvis", enabled=False)) == []
    assert unwatched(changed("description", to="no watch")) == []


def test_health_by_any_other_name_is_watched() -> None:
    renamed = raw(triggers=[{"signal": "api", "failures": 1, "name": "mine", "issue": "service-outage"}])
    renamed["health"] = renamed["health"] | {"name": "api"}
    assert unwatched(renamed) == []


def test_what_waits_for_its_secret_is_not_judged_yet() -> None:
    assert unwatched(raw(triggers=[HOT | {"above": "${LIMIT}"}])) == []
