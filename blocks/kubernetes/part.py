"""A platform that moves one part of an application and leaves the others alone."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from pydantic import ConfigDict, Field

from blocks.kubernetes import evidence, owners
from blocks.kubernetes.activation import check_paused
from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.intent import Intent
from blocks.kubernetes.site import Seen, Sight, Site, of_pods
from blocks.platforms.contract import InPlace, Look, Ready, Unproven
from blocks.routers.contract import Receipt, Route, changed_since
from domain.errors import Conflict, NotPrepared, UnknownSlot
from domain.release import Part, Slot, Usage


class PartAlone(InPlace):
    """What the parts share: they are moved in the same steps, and looked at in the same way.

    Attributes:
        site: the Deployments it is part of.
        part: as `--only` calls it.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)
    whole: ClassVar[bool] = False

    kind: str = "kubernetes"
    site: Site = Field(exclude=True, repr=False)
    part: str

    @property
    def address(self) -> str:
        """The whole's."""
        return self.site.settings.address

    @abstractmethod
    def sights(self, seen: Seen) -> list[Sight]:
        """The Deployments whose pods are replaced for it."""

    @abstractmethod
    def releases(self, cluster: Cluster, seen: Seen) -> list[str]:
        """The releases that it can be put on, by name, the newest first."""

    @abstractmethod
    def runs(self, cluster: Cluster, seen: Seen) -> str:
        """The release that it is on, whatever is under way."""

    @abstractmethod
    def said(self, cluster: Cluster, seen: Seen, name: str) -> str:
        """What will be done, one line. Raises NotPrepared."""

    @abstractmethod
    def intent(self, cluster: Cluster, seen: Seen) -> Intent | None:
        """What is under way where this part's is noted, also with another part."""

    @abstractmethod
    def begun(self, seen: Seen, found: Intent | None, before: str, to: str) -> Intent:
        """What is under way from now on; `found` goes on as this."""

    @abstractmethod
    def move(self, cluster: Cluster, seen: Seen, intent: Intent) -> str:
        """Note it, put the part on `intent.to`, wait, note that it is done; each step looks first. What that cost."""

    def as_part(self) -> Part:
        """What it runs now."""
        with self.site.cluster() as cluster:
            seen = self.site.see(cluster)
            said = [f"{sight.name} {self._pods(cluster, sight)}" for sight in self.sights(seen)]
            return Part(name=self.part, release=self.in_place(cluster, seen), detail=", ".join(said))

    def in_place(self, cluster: Cluster, seen: Seen) -> str:
        """The release that counts as in place: until the last step is done the one before."""
        intent = self._own_intent(cluster, seen)
        return intent.before if intent else self.runs(cluster, seen)

    def slots(self) -> list[Slot]:
        """The releases it can be put on, and the one it is on."""
        with self.site.cluster() as cluster:
            return self._slots(cluster, self.site.see(cluster))

    def slot(self, name: str) -> Slot:
        """One of them."""
        with self.site.cluster() as cluster:
            return self._slot_of(cluster, self.site.see(cluster), name)

    def find(self, release: str) -> Slot | None:
        """By another name of it."""
        return next((slot for slot in self.slots() if release in (slot.name, *slot.also)), None)

    def route(self) -> Route:
        """What it runs; the stamp is the whole's, and its own."""
        with self.site.cluster() as cluster:
            return self._route(cluster, self.site.see(cluster))

    def prepare(self, slot: str, look: Look) -> Ready | Unproven:  # noqa: ARG002 - nothing can be looked at
        """See that nothing keeps the cluster from it."""
        with self.site.cluster() as cluster:
            seen = self.site.see(cluster)
            found = self._slot_of(cluster, seen, slot)
            try:
                check_paused(found.name, self.sights(seen))
                said = self.said(cluster, seen, found.name)
            except NotPrepared as error:
                return Unproven(slot=found, reason=error.what())
            warned = owners.warnings([sight.body for sight in self.sights(seen)])
            return Ready(slot=found, said="; ".join([said, *warned]))

    def activate(self, slot: str, expected: Route) -> Receipt:
        """Put the part on a release; killed anywhere, the same call goes on. Raises as the whole's."""
        with self.site.cluster() as cluster:
            seen = self.site.see(cluster)
            name, route = self._slot_of(cluster, seen, slot).name, self._route(cluster, seen)
            found = self._own_intent(cluster, seen)
            if found is None and route.slot == name:
                return Receipt(changed=False, before=name, after=name)
            if route.stamp != expected.stamp:
                raise changed_since(f"{self.part} of {seen.main.name}", expected, route)
            self._check_nothing_else(cluster, seen)
            check_paused(name, self.sights(seen))
            intent = self.begun(seen, found, route.slot or name, name)
            cost = self.move(cluster, seen, intent)
            warned = owners.warnings([sight.body for sight in self.sights(seen)])
            return Receipt(changed=True, before=intent.before, after=name, cost="; ".join([cost, *warned]))

    def logs(self, slot: str, lines: int) -> Sequence[str]:
        """The last lines of its pods, where it is on this release."""
        with self.site.cluster() as cluster:
            seen = self.site.see(cluster)
            here = self._slot_of(cluster, seen, slot).name == self.in_place(cluster, seen)
            return evidence.logs(self.site, cluster, self.sights(seen), lines) if here else []

    def usage(self, slot: str) -> Usage | None:
        """What its pods use."""
        with self.site.cluster() as cluster:
            seen = self.site.see(cluster)
            here = self._slot_of(cluster, seen, slot).name == self.in_place(cluster, seen)
            return evidence.usage(self.site, cluster, self.sights(seen)) if here else None

    def configuration(self) -> dict[str, str]:
        """The whole's."""
        with self.site.cluster() as cluster:
            return evidence.texts(self.site, cluster, self.site.settings.model_dump(mode="json"))

    def _own_intent(self, cluster: Cluster, seen: Seen) -> Intent | None:
        found = self.intent(cluster, seen)
        return found if found and found.part == self.part else None

    def _check_nothing_else(self, cluster: Cluster, seen: Seen) -> None:
        """Raises Conflict where the whole, or another part at the same place, is under way."""
        for found in (seen.intent, self.intent(cluster, seen)):
            if found and found.part != self.part:
                what = found.part or "the application"
                on = f"Deployment {seen.main.name}"
                raise Conflict(on=on, expected=found.before, found=f"{what} on its way to {found.to}")

    def _route(self, cluster: Cluster, seen: Seen) -> Route:
        under_way = self._own_intent(cluster, seen) is not None
        runs = self.runs(cluster, seen)
        stamp = f"{seen.route.stamp} {runs} {under_way}"
        return Route(slot=self.in_place(cluster, seen), stamp=stamp)

    def _slots(self, cluster: Cluster, seen: Seen) -> list[Slot]:
        here, names = self.in_place(cluster, seen), self.releases(cluster, seen)
        every = [*names, *([] if here in names else [here])]
        return [self.as_slot(cluster, seen, name, here) for name in every]

    def _slot_of(self, cluster: Cluster, seen: Seen, name: str) -> Slot:
        known = self._slots(cluster, seen)
        found = next((slot for slot in known if slot.name == name), None)
        found = found or next((slot for slot in known if name in slot.also), None)
        if found is None:
            raise UnknownSlot(slot=name, known=[slot.name for slot in known])
        return found

    def as_slot(self, cluster: Cluster, seen: Seen, name: str, here: str) -> Slot:
        """A release of it as a slot."""
        if name != here:
            return Slot(name=name, version=name)
        sights = self.sights(seen)
        pods = [pod for sight in sights for pod in self.site.pods(cluster, sight, sight.release)]
        ready = [pod for pod in pods if pod.ready]
        return Slot(
            name=name,
            version=name,
            running=bool(ready),
            address=self.address,
            since=min((pod.since for pod in ready if pod.since), default=None),
            restarts=sum(pod.restarts for pod in pods),
            detail=of_pods(pods),
        )

    def _pods(self, cluster: Cluster, sight: Sight) -> str:
        return of_pods(self.site.pods(cluster, sight, sight.release))
