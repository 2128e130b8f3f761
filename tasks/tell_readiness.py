"""Keep what a look at readiness found, and tell people where it changed: once, and once more when it is well again."""

from dataclasses import dataclass

from blocks.channels.contract import Channel
from blocks.installation import Installation
from blocks.store import configurations
from blocks.store import readiness as kept
from blocks.usable_channels import usable_channels
from domain.message import Message
from domain.readiness import difference
from domain.readiness_news import Record, looked, message
from tasks.readiness import Looked


@dataclass
class Kept:
    """What came of a look. `news`: what differs from the look before; `told`: whether people are told."""

    news: list[str]
    told: bool = False


def keep_and_tell(here: Installation, found: Looked) -> Kept:
    """Keep it, and tell people of a change. That goes through the outbox: a dead channel delays nothing."""
    now = found.readiness
    text, kept_now = message(now), Kept([])
    names = [channel.name for channel in _channels(here, found) if channel.hears(text)]

    def judge(before: Record | None) -> tuple[Record, Message | None]:
        record, kept_now.told = looked(before, now)
        kept_now.news = difference(before.last, now) if before else []
        return record, text if kept_now.told else None

    kept.keep(here.store.database, now.application, judge, names)
    return kept_now


def _channels(here: Installation, found: Looked) -> list[Channel]:
    """As the document has them; where it cannot be used, those that can."""
    if found.document is not None:
        return found.document.channels
    return usable_channels(configurations.of(here.store.database, found.readiness.application))
