"""What every channel must do. A test class subclasses it and gives `channel`, `unreachable`, `refusing` and `said`."""

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from blocks.channels.contract import Channel
from domain.errors import Unreachable
from domain.message import Message, Moment
from domain.severity import Severity


def message(title: str = "Rolling back", text: str = "2.1.0 answers http 503", **more: str) -> Message:
    return Message(
        incident="inc-1",
        application="shop/production",
        moment=Moment.STARTED,
        severity=Severity.CRITICAL,
        title=title,
        text=text,
        **more,
    )


class ChannelContract:
    """Fixtures of the subclass.

    `channel`: works. `unreachable`: cannot be reached now. `said`: the texts that people have got, oldest first.
    """

    def test_people_are_told_once(self, channel: Channel, said: Callable[[], list[str]]) -> None:
        channel.send(message(), None)
        (text,) = said()
        for part in ("Rolling back", "2.1.0 answers http 503", "shop/production", "inc-1", "critical"):
            assert part in text

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

    def test_one_that_cannot_be_reached_can_be_tried_again(self, unreachable: Channel) -> None:
        with pytest.raises(Unreachable) as caught:
            unreachable.send(message(), None)
        assert caught.value.retryable
        assert "hunter2" not in str(caught.value)

    def test_its_name_is_its_kind_where_it_has_none(self, channel: Channel) -> None:
        assert channel.name == channel.kind

    def test_it_is_told_of_every_severity_by_default(self, channel: Channel) -> None:
        assert channel.severities == list(Severity)

    def test_an_unknown_key_raises(self, channel: Channel) -> None:
        with pytest.raises(ValidationError, match="extra_forbidden"):
            type(channel).model_validate({**channel.model_dump(), "colour": "red"})
