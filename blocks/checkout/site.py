"""One checkout on this host: its git, `.env`, images and services, and what is in place on it now."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from blocks.checkout.environment_file import EnvironmentFile
from blocks.checkout.git import Git
from blocks.checkout.images import Images
from blocks.checkout.intent import Intent, IntentFile
from blocks.checkout.releases import CheckoutRelease, Releases
from blocks.checkout.services import Services
from blocks.checkout.settings import CheckoutSettings
from blocks.containers.container import Container
from blocks.files import locked
from blocks.hosts.local import nothing
from blocks.program import masked
from blocks.routers.contract import Route
from domain.errors import Busy, CommandFailed
from domain.release import Slot

TURN_S = 60.0
WHOLE = "whole"


@dataclass(frozen=True)
class Sight:
    """A checkout at one moment.

    Attributes:
        head: the commit of the work tree.
        release: what runs, as the images of the containers say; the work tree's where they do not agree, or say nothing.
        intent: what is under way; its `before` counts as in place.
        commits: service -> the commits that its image was built from.
    """

    head: str
    release: CheckoutRelease
    intent: Intent | None
    containers: Mapping[str, Container]
    commits: Mapping[str, frozenset[str]]

    @property
    def in_place(self) -> str:
        """The slot that is in place."""
        return self.intent.before if self.intent else self.release.name

    @property
    def foreign(self) -> Mapping[str, frozenset[str]]:
        """The services that run another commit than the release's, and which."""
        return {name: told for name, told in self.commits.items() if told and self.release.commit not in told}

    @property
    def route(self) -> Route:
        """The same, with a stamp that changes with the work tree, the containers and what is under way."""
        ids = sorted(f"{name} {one.id}" for name, one in self.containers.items())
        told = [self.head, self.intent.model_dump_json() if self.intent else "", *ids]
        stamp = hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
        half = self.intent.to if self.intent and self.intent.to != self.in_place else None
        return Route(slot=self.in_place, stamp=stamp, half=half)


class Site:
    """Everything of one checkout."""

    def __init__(self, settings: CheckoutSettings) -> None:
        self.settings = settings
        self.project = settings.project
        self.git = Git(settings.project.folder)
        self.releases = Releases(self.git)
        self.images = Images(settings.project)
        self.services = Services(settings.project.name)

    @cached_property
    def environment(self) -> EnvironmentFile:
        """`.env` and its copies."""
        path = self.project.folder / self.settings.env_file
        return EnvironmentFile(path, self.git.own / "environments.json")

    def intent(self, part: str = WHOLE) -> IntentFile:
        """What is under way with the whole, or with a part."""
        return IntentFile(self.git.own / f"intent-{part.replace(':', '-')}.json")

    def see(self) -> Sight:
        """Look at it. Raises Unreachable."""
        head, intent, found = self.git.head(), self.intent().read(), self.services.now()
        commits = self.services.commits(
            {name: found[name] for name in self.settings.services if name in found}
        )
        release = self.releases.of(_running(head, found, commits))
        return Sight(head, release, intent, found, commits)

    def slot(self, release: CheckoutRelease, seen: Sight) -> Slot:
        """A release as a slot."""
        if release.name != seen.in_place:
            return Slot(name=release.name, version=release.name, also=release.also)
        own = [seen.containers[name] for name in self.settings.services if name in seen.containers]
        up = [one for one in own if one.running]
        return Slot(
            name=release.name,
            version=release.name,
            also=release.also,
            running=len(up) == len(self.settings.services),
            address=self.settings.address,
            since=min((one.since for one in up if one.since), default=None),
            restarts=sum(one.restarts for one in own),
            detail=_detail(seen, own, self.settings.services),
        )

    def mounted(self, seen: Sight) -> list[str]:
        """Folders of the work tree that containers keep their data in: no stash takes them."""
        folder = self.project.folder.resolve()
        sources = {source for one in seen.containers.values() for source in one.mounts}
        below = [str(source.relative_to(folder)) for source in sources if source.is_relative_to(folder)]
        return sorted(path for path in below if path != "." and not self.git.tracks(path))

    def compose(self, *words: str, timeout_s: float, meanwhile: Callable[[], None] = nothing) -> None:
        """Run Compose. `meanwhile`: as `Local.run` has it. Raises CommandFailed, with the values of `.env` masked in what it printed."""
        try:
            self.project.run(*words, timeout_s=timeout_s, meanwhile=meanwhile)
        except CommandFailed as error:
            said = masked(error.output, self.secrets())
            raise CommandFailed(error.argv, error.exit_code_seen, said) from None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Nobody else of this host acts on it meanwhile. Raises Busy."""
        lock = self.git.own / "lock"
        try:
            with locked(lock, TURN_S):
                yield
        except TimeoutError as error:
            raise Busy(application=self.project.name, holder="", waited_s=TURN_S, file=str(lock)) from error

    def secrets(self) -> set[str]:
        """The values of `.env` that no log may show."""
        public = {flag.variable for flag in self.settings.flags.values()}
        return {value for name, value in self.environment.values().items() if name not in public}


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def _running(head: str, found: Mapping[str, Container], commits: Mapping[str, frozenset[str]]) -> str:
    """The commit that all components run, as far as they say."""
    told = [commits[name] for name in commits if commits[name] and found[name].running]
    shared = frozenset.intersection(*told) if told else frozenset()
    return head if not shared or head in shared else min(shared)


def _detail(seen: Sight, own: list[Container], services: list[str]) -> str:
    said = [f"{one.service} {one.detail}" for one in own]
    said += [f"{name} has no container" for name in services if name not in seen.containers]
    said += [f"{name} is of {min(told)[:10]}" for name, told in seen.foreign.items()]
    if seen.intent:
        said.append(f"{seen.intent.to} is being put in its place since {seen.intent.begun:%H:%M:%S} UTC")
    elif seen.head != seen.release.commit:
        said.append(f"the work tree is on {seen.head[:10]}")
    return ", ".join(said)
