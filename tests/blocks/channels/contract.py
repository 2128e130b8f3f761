"""What every channel must do. A test class subclasses it and gives `channel`, `unreachable`, `refusing` and `said`."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from blocks.channels.contract import Channel
from domain.errors import Unreachable
from domain.message import Message, Moment
from domain.severity import Severity


def message(title: str = "Rolling back", text: str = "2.1.0 answers http 503", **more: Any) -> Message:
    values: dict[str, Any] = {
        "incident": "inc-1",
        "application": "shop/production",
        "moment": Moment.STARTED,
        "severity": Severity.CRITICAL,
        "title": title,
        "text": text,
        "public": title,
    }
    return Message(**(values | more))


class ChannelContract:
    """Fixtures of the subclass.

    `channel`: works. `unreachable`: cannot be reached now. `said`: the texts that people have got, oldest first.
    `parts`: what each text holds of the message. `usual`: the severities it hears where nobody chose.
    """

    @pytest.fixture
    def parts(self) -> Sequence[str]:
        return ("Rolling back", "2.1.0 answers http 503", "shop/production", "inc-1", "critical")

    @pytest.fixture
    def usual(self) -> Sequence[Severity]:
        return list(Severity)

    def test_people_are_told_once(
        self, channel: Channel, said: Callable[[], list[str]], parts: Sequence[str]
    ) -> None:
        channel.send(message(), None)
        (text,) = said()
        assert [part for part in parts if part not in text] == []

    def test_messages_stay_in_their_order(self, channel: Channel, said: Callable[[], list[str]]) -> None:
        thread = channel.send(message("first"), None)
        channel.send(message("second"), thread)
        first, second = said()
        assert "first" in first
        assert "second" in second

    def test_the_thread_of_an_incident_stays_the_same(self, channel: Channel) -> None:
        thread = channel.send(message("first"), None)
        assert channel.send(message("second"), thread) == thread

    def test_any_letter_can_be_said(self, channel: Channel, said: Callable[[], list[str]]) -> None:
        channel.send(message("Zurück & <weiter> 回滚", "a\nb\t\x00\u2028c"), None)
        assert len(said()) == 1

    def test_a_long_message_is_said_too(self, channel: Channel, said: Callable[[], list[str]]) -> None:
        channel.send(message("t" * 1000, "&" * 10_000), None)
        assert len(said()) == 1

    def test_an_examination_says_that_it_is_reachable_and_sends_nothing(
        self, channel: Channel, said: Callable[[], list[str]]
    ) -> None:
        assert [checkup.finding.ok for checkup in channel.examine()] == [True]
        assert said() == []

    def test_an_examination_says_what_cannot_be_reached(self, unreachable: Channel) -> None:
        [checkup] = unreachable.examine()
        assert checkup.bad
        assert checkup.remedies
        assert "hunter2" not in checkup.model_dump_json()

    def test_one_that_cannot_be_reached_can_be_tried_again(self, unreachable: Channel) -> None:
        with pytest.raises(Unreachable) as caught:
            unreachable.send(message(), None)
        assert caught.value.retryable
        assert "hunter2" not in str(caught.value)

    def test_its_name_is_its_kind_where_it_has_none(self, channel: Channel) -> None:
        assert channel.name == channel.kind

    def test_where_nobody_chose_it_hears_its_usual_severities(
        self, channel: Channel, usual: Sequence[Severity]
    ) -> None:
        assert [one for one in Severity if channel.hears(message(severity=one))] == usual

    @pytest.mark.parametrize("severity", Severity)
    def test_where_nobody_chose_it_hears_every_call_for_help(
        self, channel: Channel, severity: Severity
    ) -> None:
        assert channel.hears(message(severity=severity, moment=Moment.ESCALATED))

    def test_what_somebody_chose_wins(self, channel: Channel) -> None:
        chosen = channel.model_copy(update={"severities": [Severity.LOW]})
        assert [one for one in Severity if chosen.hears(message(severity=one))] == [Severity.LOW]
        assert not chosen.hears(message(moment=Moment.ESCALATED))

    def test_an_unknown_key_raises(self, channel: Channel) -> None:
        with pytest.raises(ValidationError, match="extra_forbidden"):
            type(channel).model_validate({**channel.model_dump(), "colour": "red"})
