"""One component alone: its folder of another release, its image, its container (Aldeia "Partial Rollback Scenarios" 1, 2)."""

from datetime import UTC, datetime

from blocks.checkout.intent import Intent
from blocks.checkout.part import PartAlone
from blocks.checkout.preparation import make_component_ready, recipe_of
from blocks.checkout.releases import CheckoutRelease
from blocks.checkout.settings import Component
from blocks.checkout.site import Sight
from domain.errors import NotPrepared, UnknownSlot
from domain.release import Release, Slot


class ComponentAlone(PartAlone):
    """Its releases are the whole's; its container says which one it is on."""

    @property
    def services(self) -> list[str]:
        """The one that is built from its folder."""
        return [self._component.service or self.part]

    def releases(self, seen: Sight) -> list[str]:  # noqa: ARG002 - the tags are the same whatever runs
        """The newest tags."""
        return [release.name for release in self.site.releases.newest()]

    def runs(self, seen: Sight) -> str:
        """As the container's image says, else the work tree."""
        return self.site.releases.of(self._commit(seen)).name

    def find(self, release: str) -> Slot | None:
        """A tag, a phase, a branch or a commit."""
        found = self.site.releases.find(release)
        seen = self.site.see()
        return self._slot(found.name, self.in_place(seen), seen) if found else None

    def make_ready(self, slot: str) -> str:
        """Its image of that release."""
        return make_component_ready(self.site, self._release(slot), self.services[0])

    def move(self, intent: Intent, seen: Sight) -> str:
        """Stash what people changed in its folder, check that folder out, start the container anew."""
        git, folder = self.site.git, self._component.folder
        release, [service] = self._release(intent.to), self.services
        image = self._image(release, service, intent)
        stash = self._put_changes_away(intent, seen)
        if git.differs(release.commit, folder):
            git.checkout_path(release.commit, folder)
        built = recipe_of(self.site, release).built
        self.site.images.point({service: built[service]}, {service: image})
        self.up("--no-deps", service)
        kept = f"; local changes in {folder} are kept in {stash}" if stash else ""
        return f"{service} was started anew, the other services were not touched{kept}"

    def history(self) -> list[Release] | None:
        """The releases whose image of it is on this host: those that were built here, by tag, the newest first."""
        found = self.site.releases.newest()
        [service] = self.services
        names = {self.site.images.name(service, release.commit): release for release in found}
        absent = set(self.site.images.absent(list(names)))
        here, running = (
            [release for name, release in names.items() if name not in absent],
            self.runs(self.site.see()),
        )
        return [
            Release(
                application=self.application,
                version=release.name,
                commit=release.commit,
                served_since=datetime.fromtimestamp(release.at, UTC),
            )
            for release in found
            if release in here or release.name == running
        ]

    def deployed(self) -> str | None:
        """The whole's release: that of the work tree."""
        return self.site.releases.of(self.site.git.head()).name

    def _put_changes_away(self, intent: Intent, seen: Sight) -> str | None:
        git, folder = self.site.git, self._component.folder
        runs, wanted = self._commit(seen), self._release(intent.to).commit
        if git.differs(runs, folder) and git.differs(wanted, folder):
            git.stash(intent.stash, self.site.mounted(seen), below=folder)
        return git.stashed(intent.stash)

    def _image(self, release: CheckoutRelease, service: str, intent: Intent) -> str:
        back = intent.images.get(service) if release.name == intent.before else None
        image = self.site.images.of([service], release.commit).get(service) or back
        if image is None:
            name = self.site.images.name(service, release.commit)
            raise NotPrepared(release=release.shown, why=f"{name} is not on this host")
        return image

    def _commit(self, seen: Sight) -> str:
        told = seen.commits.get(self.services[0]) or frozenset({seen.head})
        return seen.head if seen.head in told else min(told)

    def _release(self, slot: str) -> CheckoutRelease:
        found = self.site.releases.find(slot)
        if found is None:
            raise UnknownSlot(slot=slot, known=[release.name for release in self.site.releases.newest()])
        return found

    @property
    def _component(self) -> Component:
        return self.site.settings.components[self.part]
