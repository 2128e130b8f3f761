"""An application that an HTTP deployment API moves (MVP-011). The API takes no target: it goes back to its previous environment."""

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, ConfigDict, Field, SecretStr

from blocks.deployment_api import deploying
from blocks.deployment_api.client import DeploymentApiClient
from blocks.deployment_api.deploying import COST
from blocks.deployment_api.examination import examined
from blocks.deployment_api.masking import masked_body
from blocks.deployment_api.status import ApiStatus, Deployed
from blocks.deployment_api.switching import Switching
from blocks.fields import BaseUrl
from blocks.hosts.local import nothing
from blocks.http_request import HEADER_NAME, HEADER_VALUE
from blocks.platforms.contract import InPlace, Look, Ready, Unproven
from blocks.routers.contract import Receipt, Route, changed_since
from blocks.takes_place import Bring, TakesPlace
from domain.checkup import Checkup
from domain.errors import Conflict, NotPrepared, UnknownSlot
from domain.release import Release, Slot


def _sendable(token: SecretStr) -> SecretStr:
    if not HEADER_VALUE.fullmatch(token.get_secret_value()):
        raise ValueError("has letters that a header cannot carry, such as a line break")
    return token


class DeploymentApi(InPlace, TakesPlace):
    """The API has environments, blue and green, and switches between them by itself; each is a slot, named as it names them.

    Shown are the environment that serves and the one before it: only that one can be gone back to, whatever it holds.
    A rollback is one POST with an Idempotency-Key. After an answer that leaves open what came of it, the status is
    looked at, and the POST sent once more only where the status still shows what it showed before. An API that knows
    no such key and is slower than `settle_s` could then switch twice: set `settle_s` longer than it takes.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    kind: Literal["deployment_api"] = "deployment_api"
    url: BaseUrl = Field(description="The API's base URL; `/deployment/status` is below it.")
    public: BaseUrl | None = Field(
        default=None,
        alias="address",
        description="Base URL that users reach the application at; default: `url`.",
    )
    token: Annotated[SecretStr, AfterValidator(_sendable)] | None = Field(
        default=None, description="The API's credential; a reference, `${DEPLOYMENT_TOKEN}`."
    )
    header: str = Field(
        default="Authorization",
        pattern=f"^{HEADER_NAME.pattern}$",
        description="The header that carries the credential.",
    )
    scheme: str = Field(
        default="Bearer",
        pattern=r"^[A-Za-z0-9-]*$",
        description="What comes before it there; empty: nothing.",
    )
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="Seconds for an answer to a question.")
    post_timeout_s: float = Field(
        default=30.0, gt=0, le=600, description="Seconds for the answer to a rollback."
    )
    settle_s: float = Field(
        default=10.0,
        gt=0,
        le=600,
        description="Seconds after that answer until the status must show the switch.",
    )

    @property
    def address(self) -> str:
        """Where users are."""
        return self.public or self.url

    def slots(self) -> list[Slot]:
        """The environment that serves and the one before it, sorted by name."""
        return self._slots_of(self._client().status())

    def route(self) -> Route:
        """What the API calls its current environment; the stamp changes with the history too."""
        status = self._client().status()
        return Route(slot=status.current, stamp=status.stamp)

    def prepare(self, slot: str, look: Look) -> Ready | Unproven:  # noqa: ARG002 - nothing can be looked at before it serves
        """Whether the API can go back to the slot; nothing is done, and nothing of it can be looked at."""
        status = self._client().status()
        found = _named(slot, self._slots_of(status))
        if status.current == slot:
            return Ready(slot=found, said=f"{slot} serves already")
        previous = status.previous
        if previous is not None and not previous.served:
            return Unproven(slot=found, reason=f"its last deployment did not end well: {previous.said}")
        return Ready(slot=found, said=f"the API goes back to {slot}, deployed {_since(previous)}")

    def activate(self, slot: str, expected: Route) -> Receipt:
        """One rollback by the API, seen through to its status; a no-op where the status shows the slot already.

        Raises:
            UnknownSlot: no environment of this name.
            Conflict: the status is no longer `expected`, or the slot is not the one that the API would go back to.
            Unreachable: the API cannot be asked; nothing was changed.
            CommandFailed: it refused; nothing was changed.
            SwitchUnclear: it may have taken the request, and its status does not show the switch.
        """
        client = self._client()
        before = client.status()
        if before.current == slot:
            return Receipt(changed=False, before=slot, after=slot)
        found = Route(slot=before.current, stamp=before.stamp)
        if not before.of(slot):
            raise UnknownSlot(slot=slot, known=[one.name for one in self._slots_of(before)])
        if found != expected:
            raise changed_since(f"the environment of {self.url}", expected, found)
        if before.previous is None or before.previous.environment != slot:
            back_to = before.previous.environment if before.previous else "nothing"
            raise Conflict(on=f"what {self.url} would go back to", expected=slot, found=back_to)
        Switching(client, before, slot, self.settle_s).run()
        return Receipt(changed=True, before=before.current, after=slot, cost=COST)

    def place_for(self, release: str, *, brought: bool) -> Slot:
        """The environment that does not serve: the API gives it the release, and the traffic."""
        status = self._client().status()
        if not brought:
            why = "the API is told of no release by Backout: set `deploy.install` in backout.yaml"
            raise NotPrepared(release=release, why=why)
        if status.previous is None:
            why = f"the API names no environment but {status.current}: deploy there once by hand, so that both are known"
            raise NotPrepared(release=release, why=why)
        return _named(status.previous.environment, self._slots_of(status))

    def no_way_back(self, serving: str) -> str:
        """Whether the API would go back to it, by its own history."""
        return deploying.no_way_back(self._client().status(), serving)

    def keep_way_back(self, serving: str) -> list[str]:
        """Its environment keeps it: the release comes into the other one."""
        entry = self._client().status().serving
        return [f"{entry.version} in {serving}, as the API's history has it"]

    def unfinished(self) -> str:
        """The newest entry of its history, where that says so."""
        return deploying.unfinished(self._client().status())

    def take_place(
        self,
        slot: Slot,
        release: str,
        expected: Route,
        bring: Bring,
        meanwhile: Callable[[], None] = nothing,
    ) -> Receipt:
        """The command; then the status must show the release, with the traffic, within `settle_s`."""
        client = self._client()
        before = client.status()
        if before.current == slot.name and before.serving.version == release:
            return Receipt(changed=False, before=slot.name, after=slot.name)
        found = Route(slot=before.current, stamp=before.stamp)
        if found != expected:
            raise changed_since(f"the environment of {self.url}", expected, found)
        return deploying.bring(client, before, slot.name, release, self.settle_s, bring, meanwhile)

    def logs(self, slot: str, lines: int) -> Sequence[str]:
        """The API's history, for the slot that serves: it has no other log to show."""
        status = self._client().status()
        _named(slot, self._slots_of(status))
        if slot != status.current or lines <= 0:
            return []
        return [entry.said for entry in status.history[-lines:]]

    def configuration(self) -> dict[str, str]:
        """`platform.yaml`: the settings; `deployment-status.json`: all the API says. Secrets are masked."""
        secrets = (self.token.get_secret_value(),) if self.token else ()
        body = masked_body(self._client().body(), secrets)
        return {
            "platform.yaml": yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False),
            "deployment-status.json": json.dumps(body, indent=2),
        }

    def history(self) -> list[Release]:
        """The releases in the API's history that have a version and a time."""
        return self._client().status().releases()

    def examine(self) -> list[Checkup]:
        """Whether it answers, takes the credential, and has an environment to go back to."""
        return examined(self._client())

    def _client(self) -> DeploymentApiClient:
        headers: dict[str, str] = {}
        if self.token is not None:
            headers[self.header] = f"{self.scheme} {self.token.get_secret_value()}".strip()
        return DeploymentApiClient(self.url, headers, self.timeout_s, self.post_timeout_s)

    def _slots_of(self, status: ApiStatus) -> list[Slot]:
        slots = [_slot(status.serving, running=True, address=self.address)]
        if status.previous is not None:
            slots.append(_slot(status.previous, running=False, address=None))
        return sorted(slots, key=lambda slot: slot.name)


def _slot(entry: Deployed, *, running: bool, address: str | None) -> Slot:
    """A slot. What does not serve has no address: nobody can look at it before it does."""
    where = "serves" if running else "what a rollback goes back to"
    detail = f"{where}; deployed {_since(entry)}{f', {entry.state}' if entry.state else ''}"
    since = entry.at if running else None
    return Slot(
        name=entry.environment,
        version=entry.version,
        running=running,
        address=address,
        since=since,
        detail=detail,
    )


def _since(entry: Deployed | None) -> str:
    return f"{entry.at:%Y-%m-%d %H:%M:%S} UTC" if entry and entry.at else "at an unknown time"


def _named(name: str, slots: Sequence[Slot]) -> Slot:
    """Raises UnknownSlot."""
    found = next((slot for slot in slots if slot.name == name), None)
    if found is None:
        raise UnknownSlot(slot=name, known=[slot.name for slot in slots])
    return found
