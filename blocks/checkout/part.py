"""A platform that moves one part of a checkout and leaves the others alone."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from pydantic import ConfigDict, Field

from blocks.checkout.activation import start
from blocks.checkout.evidence import texts
from blocks.checkout.intent import Intent
from blocks.checkout.preparation import keep_what_runs
from blocks.checkout.site import Sight, Site, now
from blocks.platforms.contract import InPlace, Look, Ready, Unproven
from blocks.routers.contract import Receipt, Route, changed_since
from domain.errors import CommandFailed, Conflict, NotPrepared, UnknownSlot
from domain.names import PART
from domain.release import Part, Slot, Usage

LAST_LINES = 10


class PartAlone(InPlace):
    """What the parts share: they are moved in the same steps, and looked at in the same way.

    Attributes:
        site: the checkout it is part of.
        part: as `--only` calls it.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)
    whole: ClassVar[bool] = False

    kind: str = "checkout"
    site: Site = Field(exclude=True, repr=False)
    part: str

    @property
    def address(self) -> str:
        """The whole's."""
        return self.site.settings.address

    @property
    @abstractmethod
    def services(self) -> list[str]:
        """What may be started anew for it."""

    @abstractmethod
    def releases(self, seen: Sight) -> list[str]:
        """The releases that it can be put on, by name, the newest first."""

    @abstractmethod
    def runs(self, seen: Sight) -> str:
        """The release that it is on, whatever is under way."""

    @abstractmethod
    def make_ready(self, slot: str) -> str:
        """What can be done before; one line. Raises NotPrepared."""

    @abstractmethod
    def move(self, intent: Intent, seen: Sight) -> str:
        """Put it on the release `intent.to`; each step looks first. What that cost, one line."""

    def as_part(self) -> Part:
        """What it runs now."""
        seen = self.site.see()
        found = [seen.containers[name] for name in self.services if name in seen.containers]
        detail = ", ".join(f"{one.service} {one.detail}" for one in found)
        return Part(name=self.part, release=self.in_place(seen), detail=detail)

    def in_place(self, seen: Sight) -> str:
        """The release that counts as in place: until the last step is done the one before."""
        intent = self.site.intent(self.part).read()
        return intent.before if intent else self.runs(seen)

    def slots(self) -> list[Slot]:
        """The releases it can be put on, and the one it is on."""
        seen = self.site.see()
        here, names = self.in_place(seen), self.releases(seen)
        return [self._slot(name, here, seen) for name in [*names, *([] if here in names else [here])]]

    def slot(self, name: str) -> Slot:
        """One of them, or what `find` gives."""
        found = next((slot for slot in self.slots() if name == slot.name), None) or self.find(name)
        if found is None:
            raise UnknownSlot(slot=name, known=[slot.name for slot in self.slots()])
        return found

    def route(self) -> Route:
        """What it runs; the stamp is the whole's, and its own."""
        seen = self.site.see()
        intent = self.site.intent(self.part).read()
        return Route(
            slot=self.in_place(seen), stamp=f"{seen.route.stamp} {self.runs(seen)} {intent is not None}"
        )

    def prepare(self, slot: str, look: Look) -> Ready | Unproven:  # noqa: ARG002 - nothing can be looked at
        """Keep what the way back needs, and make ready what it needs."""
        found = self.slot(slot)
        try:
            keep_what_runs(self.site, self.site.see())
            return Ready(slot=found, said=self.make_ready(found.name))
        except NotPrepared as error:
            return Unproven(slot=found, reason=error.what())

    def activate(self, slot: str, expected: Route) -> Receipt:
        """Put the part on a release; killed anywhere, the same call goes on. Raises as the whole's."""
        with self.site.turn():
            name, route, seen = self.slot(slot).name, self.route(), self.site.see()
            intent = self.site.intent(self.part).read()
            if intent is None and route.slot == name:
                return Receipt(changed=False, before=name, after=name)
            if route.stamp != expected.stamp:
                raise changed_since(f"{self.part} of {self.site.project.folder}", expected, route)
            if seen.intent:
                under_way = f"on its way to {seen.intent.to}"
                raise Conflict(on=str(self.site.project.folder), expected=seen.in_place, found=under_way)
            return self._moved(name, route.slot or name, seen)

    def logs(self, slot: str, lines: int) -> Sequence[str]:
        """The last lines of its services, where it is on this release."""
        if self.slot(slot).name != self.in_place(self.site.see()):
            return []
        return self.site.services.logs(self.services, lines, self.site.secrets())

    def usage(self, slot: str) -> Usage | None:
        """What its services use."""
        here = self.slot(slot).name == self.in_place(self.site.see())
        return self.site.services.usage(self.services) if here else None

    def configuration(self) -> dict[str, str]:
        """The whole's."""
        return texts(self.site)

    def up(self, *more: str) -> None:
        """Start what is to run anew, and wait for health. Raises CommandFailed."""
        settings = self.site.settings
        words = ["up", "--detach", "--no-build", "--timeout", str(int(settings.drain_s)), *more]
        start(self.site, words)
        if why := self.site.services.wait(self.services, settings.start_timeout_s):
            said = self.site.services.logs(self.services, LAST_LINES, self.site.secrets())
            output = "\n".join([why, *said])
            raise CommandFailed(argv=self.site.project.argv(*words), exit_code_seen=0, output=output)

    @property
    def application(self) -> str:
        """The name under which its history is told: the platform does not know the application's."""
        name = self.site.project.name.replace("_", "-").strip("-")
        return f"{name if PART.fullmatch(name) else 'checkout'}/parts"

    def _moved(self, name: str, before: str, seen: Sight) -> Receipt:
        file = self.site.intent(self.part)
        begun = file.read()
        if begun:
            self.site.git.unlock()
            intent = begun.model_copy(update={"to": name})
        else:
            images = {service: one.image_id for service, one in seen.containers.items()}
            intent = Intent(before=before, to=name, begun=now(), images=images)
        cost = self.move(file.keep(intent), seen)
        file.done()
        return Receipt(changed=True, before=before, after=name, cost=cost)

    def _slot(self, name: str, here: str, seen: Sight) -> Slot:
        if name != here:
            return Slot(name=name, version=name)
        found = [seen.containers[service] for service in self.services if service in seen.containers]
        return Slot(
            name=name,
            version=name,
            running=bool(found) and all(one.running for one in found),
            address=self.address,
            since=min((one.since for one in found if one.since), default=None),
            restarts=sum(one.restarts for one in found),
            detail=", ".join(f"{one.service} {one.detail}" for one in found),
        )
