"""`statuspage`: an incident on a page of Atlassian Statuspage, and the state of the component it is about."""

import shlex
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr

from blocks.channels.contract import Channel
from blocks.json_service import JsonService
from blocks.safe_address import SafeAddress
from domain.checkup import Checkup, Remedy, well, wrong
from domain.errors import BackoutError
from domain.message import NO_INCIDENT, Message, Moment, Stage
from domain.outcomes import ENDS, Outcome
from domain.severity import Severity

STATUSPAGE = "https://api.statuspage.io/v1"
LONGEST_NAME = 200
LONGEST_BODY = 10_000
OPERATIONAL = "operational"
NOT_PUBLIC = (Moment.ESCALATED, Moment.FOLLOW_UP)

Incident = Mapping[str, Any]


class Trouble(StrEnum):
    """What a component is while the incident is open."""

    DEGRADED = "degraded_performance"
    PARTIAL = "partial_outage"
    MAJOR = "major_outage"


class Statuspage(Channel):
    """One incident on the page for each of ours: investigating, identified, monitoring, resolved.

    It says only what a message has for the public: nothing of versions, hosts, errors or people.
    """

    usual: ClassVar = (Severity.CRITICAL, Severity.HIGH)
    public: ClassVar[bool] = True
    kind: Literal["statuspage"] = "statuspage"
    api_key: SecretStr = Field(description="Key of Statuspage's API; a reference, `${STATUSPAGE_KEY}`.")
    page: str = Field(pattern=r"^[a-z0-9]+$", description="The page's id.")
    component: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9]+$",
        description="The component's id: its state follows the incident.",
    )
    trouble: Trouble = Field(
        default=Trouble.MAJOR, description="What the component is while the incident is open."
    )
    title: str = Field(
        default="Service disruption",
        min_length=1,
        max_length=LONGEST_NAME,
        description="The incident's name on the page.",
    )
    notify: bool = Field(default=True, description="Whether the page tells its subscribers.")
    base_url: SafeAddress = Field(default=STATUSPAGE, description="Statuspage's API.")

    def send(self, message: Message, thread: str | None) -> str | None:
        """Open the incident on the page, or bring it up to date; calls for help and follow-ups are not for the public."""
        if message.moment in NOT_PUBLIC or message.incident == NO_INCIDENT:
            return thread
        with self._service() as service:
            found = thread or self._opened_before(service, message.incident)
            if found is None:
                return self._open(service, message)
            self._bring_up_to_date(service, found, message)
            return found

    def examine(self) -> list[Checkup]:
        """Whether the key is taken, and the page has the component. Changes nothing."""
        try:
            with self._service() as service:
                known = {row.get("id") for row in service.ask("GET", f"/pages/{self.page}/components") or []}
        except BackoutError as error:
            look = f"curl -sS -m 5 -H 'Authorization: OAuth KEY' {shlex.quote(f'{self.base_url}/pages/{self.page}')}"
            return [wrong("reachable", self.name, error.what(), Remedy(command=look))]
        if self.component is not None and self.component not in known:
            said = f"page {self.page} has no component {self.component}"
            return [wrong("reachable", self.name, said, Remedy(command="backout apply backout.yaml"))]
        return [well("reachable", self.name, f"Statuspage takes the key, and has page {self.page}")]

    def _service(self) -> JsonService:
        key = self.api_key.get_secret_value()
        headers = {"authorization": f"OAuth {key}"}
        return JsonService(self.name, "Statuspage", self.base_url, headers, (key,))

    def _opened_before(self, service: JsonService, incident: str) -> str | None:
        """Our incident on the page, where it was opened and the answer was lost: it is not opened twice."""
        rows = service.ask("GET", f"/pages/{self.page}/incidents/unresolved") or []
        ours = (row["id"] for row in rows if _ours(row, incident))
        return next(ours, None)

    def _open(self, service: JsonService, message: Message) -> str | None:
        """A new incident; none where it is over before anybody was told of it."""
        if message.stage is Stage.RESOLVED:
            return None
        body = {
            "name": self.title,
            "metadata": {"backout": {"incident": message.incident}},
            **self._state(message),
            **({"component_ids": [self.component]} if self.component else {}),
        }
        opened = service.ask("POST", f"/pages/{self.page}/incidents", {"incident": body})
        return str(opened["id"])

    def _bring_up_to_date(self, service: JsonService, found: str, message: Message) -> None:
        where = f"/pages/{self.page}/incidents/{quote(found, safe='')}"
        service.ask("PATCH", where, {"incident": self._state(message)})

    def _state(self, message: Message) -> dict[str, Any]:
        state: dict[str, Any] = {
            "status": message.stage,
            "body": (message.public or f"{message.application}: {message.stage}")[:LONGEST_BODY],
            "deliver_notifications": self.notify,
        }
        if self.component and message.outcome is not Outcome.SUPERSEDED:  # else what is newer says how it is
            served = message.outcome is not None and ENDS[message.outcome].exit_code == 0
            served = served and message.stage in (Stage.MONITORING, Stage.RESOLVED)
            state["components"] = {self.component: OPERATIONAL if served else str(self.trouble)}
        return state


def _ours(row: Incident, incident: str) -> bool:
    noted = (row.get("metadata") or {}).get("backout") or {}
    return bool(noted.get("incident") == incident)
