"""A git work tree on a host, run with Docker Compose: one release takes another's place."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Literal

import yaml

from blocks.brings_files import BringsFiles
from blocks.checkout import examination, pinning
from blocks.checkout.activation import put_in_place
from blocks.checkout.difference import difference
from blocks.checkout.evidence import texts
from blocks.checkout.parts import part_of, parts_of
from blocks.checkout.preparation import bring, brought, make_ready
from blocks.checkout.releases import CheckoutRelease
from blocks.checkout.settings import CheckoutSettings
from blocks.checkout.site import Site
from blocks.checkout.way_back import keep_way_back, no_way_back
from blocks.containers.engine import engine
from blocks.containers.restarting import UP_S, marks_of, restart_in_turn
from blocks.hosts.local import nothing
from blocks.identity import Identified
from blocks.pins import Pins
from blocks.platforms.contract import Look, Platform, Ready, Unproven
from blocks.restartable import Restartable
from blocks.routers.contract import Receipt, Route
from blocks.takes_place import Bring, Compares, TakesPlace
from domain.checkup import Checkup
from domain.errors import NotPrepared, UnknownSlot
from domain.release import Identity, Part, Release, Slot, Usage


class Checkout(CheckoutSettings, Restartable, TakesPlace, Compares, Identified, BringsFiles, Pins):
    """Slots are the releases that can be put in place: the newest tags, and any commit that is asked for.

    What needs no downtime is done before anything is stopped. Then: local changes are stashed, services stop, the commit
    is checked out, its `.env` is put back, and its images are started; until the last of it the release before counts as
    in place.
    """

    kind: Literal["checkout"] = "checkout"

    @cached_property
    def site(self) -> Site:
        """The checkout on this host."""
        return Site(self)

    def slots(self) -> list[Slot]:
        """The newest tags, and what is in place."""
        seen = self.site.see()
        found = self.site.releases.newest()
        if seen.in_place not in [release.name for release in found]:
            found = [*found, self._release(seen.in_place)]
        return [self.site.slot(release, seen) for release in found]

    def slot(self, name: str) -> Slot:
        """Also of a commit that is no tag's."""
        return self.site.slot(self._release(name), self.site.see())

    def find(self, release: str) -> Slot | None:
        """A tag, a phase, a branch or a commit; the remote is asked where it is not here."""
        found = self.site.releases.find(release)
        return self.site.slot(found, self.site.see()) if found else None

    def answers_as(self, release: str) -> str | None:
        """A tag is what the application calls itself; a commit without one cannot be in its own files.

        Where a component went back alone, nobody knows which of the releases answers.
        """
        seen = self.site.see()
        if release == seen.in_place and seen.foreign:
            return None
        tags = {tag.name for tag in self.site.git.tags()}
        return release if release in tags else None

    def route(self) -> Route:
        """What runs, as its images say it."""
        return self.site.see().route

    def prepare(self, slot: str, look: Look) -> Ready | Unproven:  # noqa: ARG002 - nothing can be looked at
        """Build the release's images, or find them here; see that its files and variables are there."""
        release = self._release(slot)
        try:
            said = make_ready(self.site, release)
        except NotPrepared as error:
            return Unproven(slot=self.slot(slot), reason=error.what())
        return Ready(slot=self.slot(slot), said=said)

    def activate(self, slot: str, expected: Route) -> Receipt:
        """See `blocks.checkout.activation`."""
        return put_in_place(self.site, self._release(slot), expected)

    def place_for(self, release: str, *, brought: bool) -> Slot:  # noqa: ARG002 - git holds all that can be deployed
        """A new tag, branch or commit, as a rollback's target is."""
        found = self.find(release)
        if found is None:
            raise NotPrepared(
                release=release, why="git has no such tag, branch or commit, here or at its remote"
            )
        return found

    def no_way_back(self, serving: str) -> str:  # noqa: ARG002 - what runs is what would be gone back to
        """See `blocks.checkout.way_back`."""
        return no_way_back(self.site)

    def keep_way_back(self, serving: str) -> list[str]:  # noqa: ARG002 - as above
        """Its images get their commit's name, so that no build takes it from them; its `.env` is copied."""
        with self.site.turn():
            return keep_way_back(self.site)

    def take_place(
        self,
        slot: Slot,
        release: str,  # noqa: ARG002 - the slot is named by it
        expected: Route,
        bring: Bring,  # noqa: ARG002 - git brings it
        meanwhile: Callable[[], None] = nothing,
    ) -> Receipt:
        """The steps of every other switch here; its images were built by `prepare`."""
        return put_in_place(self.site, self._release(slot.name), expected, meanwhile)

    def difference(self, old: str, new: str) -> list[str]:
        """By git: commits, files, migrations."""
        return difference(self.site.git, self._release(old), self._release(new))

    def bring(self, release: str) -> None:
        """Its images, built from its commit: `PROJECT-SERVICE:RELEASE`."""
        bring(self.site, self._release(release))

    def brought(self, release: str) -> bool:
        """By those names."""
        return brought(self.site, self._release(release))

    def pin(self, application: str, releases: Sequence[Release]) -> list[str]:  # noqa: ARG002 - a checkout is one application's
        """Their commits; their images have tags of their commits since they were built, and are never removed."""
        with self.site.turn():
            return pinning.pin(self.site.git, releases)

    def lost(self, release: Release) -> str:
        """Its commit."""
        return pinning.lost(self.site.git, release)

    def instances(self, slot: str) -> dict[str, str]:
        """The containers of its components; what is kept running, a database, is none of them."""
        self._release(slot)
        found = self.site.see().containers
        return marks_of([found[name] for name in self.services if name in found])

    def restart_serving(self, slot: str, instances: Mapping[str, str]) -> None:
        """The same containers, each until it runs and its HEALTHCHECK is content; nothing is checked out or built."""
        with self.site.turn(), engine(self.drain_s + UP_S) as client:
            restart_in_turn(client, instances, self.instances(slot), self.drain_s, self.start_timeout_s)

    def logs(self, slot: str, lines: int) -> Sequence[str]:
        """The components' last lines together; the values of `.env` are masked."""
        if self._release(slot).name != self.site.see().in_place:
            return []
        return self.site.services.logs(self.services, lines, self.site.secrets())

    def usage(self, slot: str) -> Usage | None:
        """What the components use together."""
        if self._release(slot).name != self.site.see().in_place:
            return None
        return self.site.services.usage(self.services)

    def configuration(self) -> dict[str, str]:
        """What Aldeia step 3 keeps: settings, Compose's view of its files, containers, `.env` masked, commit, log files."""
        settings = yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)
        return {"platform.yaml": settings, **texts(self.site)}

    def identity(self, slot: str) -> Identity:
        """The commit."""
        return Identity(commit=self._release(slot).commit)

    def parts(self) -> list[Part]:
        """Each component, the configuration, each flag."""
        return parts_of(self.site)

    def only(self, part: str) -> Platform:
        """One of them."""
        return part_of(self.site, part)

    def examine(self) -> list[Checkup]:
        """Engine, services, work tree, required keys, and what was begun and never ended."""
        return examination.of(self.site)

    def mend(self, remedy: str) -> str:
        """`start SERVICE`, `restart SERVICE`."""
        return examination.mend(self.site, remedy, self.kind)

    def _release(self, name: str) -> CheckoutRelease:
        found = self.site.releases.find(name)
        if found is None:
            raise UnknownSlot(slot=name, known=[release.name for release in self.site.releases.newest()])
        return found
