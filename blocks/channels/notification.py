"""`notification`: any block of Prefect's that notifies: PagerDuty, Opsgenie, Twilio, Discord, Teams, Mattermost, Sendgrid ..."""

import re
from collections.abc import Callable
from contextvars import copy_context
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from blocks.channels.contract import CHAT, MAIL, PHONE, Channel
from blocks.deadline import within
from blocks.home import Home
from blocks.prefect_settings import prefect_settings
from blocks.service_answers import REFUSED, REQUEST_TIMEOUT, TOO_MANY, wait_asked_for
from domain.checkup import Checkup, Remedy, well, wrong
from domain.errors import BackoutError, ChannelRefused, ToldToWait, Unreachable
from domain.message import Message
from domain.report.plain import plain
from domain.severity import Severity

TOTAL_S = 9.5
BY_PHONE = ("pager-duty-webhook", "opsgenie-webhook", "twilio-sms")
BY_MAIL = ("sendgrid-email",)
SHORT = ("twilio-sms",)
"""Blocks that say little: a text message has 160 letters, and is paid by the part."""

LONGEST_SHORT = 300
LONGEST = 1900
"""Letters; Discord takes 2,000."""

STATUS = re.compile(r"error=(\d{3})\b")
"""How Apprise writes down what the service answered."""

BlockReference = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")]


class Notification(Channel):
    """Says it through a block that you made in Prefect's UI (Blocks, then +), which holds address and secrets."""

    kind: Literal["notification"] = "notification"
    block: BlockReference = Field(
        description="The block's type and name: `opsgenie-webhook/on-call`, `twilio-sms/on-call`, `ms-teams-webhook/ops`."
    )

    @property
    def heard(self) -> tuple[Severity, ...]:
        """By what the block is: a phone, a mailbox or a chat."""
        slug = self.block.partition("/")[0]
        return PHONE if slug in BY_PHONE else MAIL if slug in BY_MAIL else CHAT

    def send(self, message: Message, thread: str | None) -> str | None:  # noqa: ARG002 - such blocks have no threads
        """Load the block, and notify."""
        self._tried(lambda: self._notify(message))
        return None

    def examine(self) -> list[Checkup]:
        """Whether Prefect has the block, and it notifies. Sends nothing."""
        try:
            self._tried(self._load)
        except BackoutError as error:
            look = Remedy(command=f"prefect block inspect {self.block}")
            return [wrong("reachable", self.name, error.what(), look)]
        return [
            well(
                "reachable",
                self.name,
                f"Prefect has {self.block}; whether it delivers is only seen with a message",
            )
        ]

    def _notify(self, message: Message) -> None:
        body = shortened(message, short=self.block.partition("/")[0] in SHORT)
        block = self._load()
        with block.raise_on_failure():
            block.notify(body, subject=message.title[:200])

    def _load(self) -> Any:
        """The block itself. Raises ChannelRefused where Prefect has none, or it does not notify."""
        from prefect.blocks import notifications  # noqa: F401 - their types must be known before they can be loaded
        from prefect.blocks.abstract import NotificationBlock
        from prefect.blocks.core import Block

        with prefect_settings(Home.from_env()):
            found = loaded(Block, self.block)
        if not isinstance(found, NotificationBlock):
            raise ChannelRefused(self.name, f"block {self.block} does not notify")
        return found

    def _tried(self, act: Callable[[], Any]) -> None:
        import httpx
        from prefect.blocks.abstract import NotificationError

        # Prefect's settings are bound to the context, which a thread does not take along by itself.
        context = copy_context()
        try:
            within(TOTAL_S, lambda: context.run(act), f"notify through {self.block}")
        except BackoutError:
            raise
        except NotificationError as error:
            raise self._by_status(_status(str(error.log))) from None
        except httpx.HTTPStatusError as error:
            raise self._by_status(error.response.status_code, dict(error.response.headers)) from None
        except TimeoutError:
            raise self._away(f"it took more than {TOTAL_S:g} s") from None
        except (OSError, httpx.HTTPError) as error:
            raise self._away(type(error).__name__) from None
        except ValueError as error:  # Prefect: no such block, or a type that is not installed
            raise ChannelRefused(
                self.name, f"block {self.block} cannot be used: {type(error).__name__}"
            ) from None

    def _by_status(self, status: int | None, headers: Any = None) -> BackoutError:
        """What the service answered; its words are left out: they can hold the address, which is a secret."""
        if status is None:
            return self._away("it was not delivered")
        wait_s = wait_asked_for(headers or {})
        if status in TOO_MANY and wait_s is not None:
            return ToldToWait("block", self.block, f"http {status}, asks to wait {wait_s} s", wait_s)
        if status in REFUSED and status not in (*TOO_MANY, REQUEST_TIMEOUT):
            return ChannelRefused(self.name, f"http {status}")
        return self._away(f"http {status}")

    def _away(self, why: str) -> Unreachable:
        return Unreachable("block", self.block, why)


def loaded(kind: Any, reference: str) -> Any:
    """The block of this reference, asked of Prefect each time: a block that was changed in the UI counts at once."""
    return kind.load(reference)


def shortened(message: Message, *, short: bool) -> str:
    """The message as such services take it. `short`: for a text message."""
    whose = f"{message.application}, {message.severity}, incident {message.incident}"
    if short:
        return f"{message.title[: LONGEST_SHORT - len(whose) - 2]}\n{whose}"
    said = plain(message.text)
    text = said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
    return f"{text}\n\n{whose}" + (f", journal {message.head}" if message.head else "")


def _status(log: str) -> int | None:
    found = STATUS.findall(log)
    return int(found[-1]) if found else None
