"""One release takes another's place: stash, stop, checkout, `.env`, images, start, wait. Each step looks first.

Killed anywhere, the same call goes on; going back is the same call with the other release.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from blocks.checkout.intent import Intent
from blocks.checkout.preparation import missing_keys, recipe_of
from blocks.checkout.releases import CheckoutRelease
from blocks.checkout.site import Sight, Site, now
from blocks.compose_program import ASK_S
from blocks.hosts.local import nothing
from blocks.routers.contract import Receipt, Route, changed_since
from domain.errors import CommandFailed, NotPrepared

LAST_LINES = 10


def put_in_place(
    site: Site, release: CheckoutRelease, expected: Route, meanwhile: Callable[[], None] = nothing
) -> Receipt:
    """Put a release in place that was made ready.

    `meanwhile`: called again and again while its services start; what it raises ends that where it stands, and is raised here.

    Raises:
        Conflict: something else is in place than expected; nothing was changed.
        NotPrepared: its images or variables are not here; nothing was changed.
        CommandFailed: a step failed. Before the stop nothing was changed; after it the same call goes on.
        Unreachable: git or the engine cannot be asked.
    """
    with site.turn():
        seen = site.see()
        if seen.intent is None and seen.release.commit == release.commit:
            return Receipt(changed=False, before=release.name, after=release.name)
        if seen.route.stamp != expected.stamp:
            raise changed_since(f"checkout {site.project.folder}", expected, seen.route)
        return _Activation(site, release, seen, _images_to_run(site, release, seen)).run(meanwhile)


def _images_to_run(site: Site, release: CheckoutRelease, seen: Sight) -> dict[str, str]:
    """Service -> the image that the release runs; on the way back the one that ran, where none is named by the commit."""
    recipe = recipe_of(site, release)
    back = seen.intent.images if seen.intent and seen.intent.before == release.name else {}
    here = {**back, **site.images.of(recipe.built, release.commit)}
    if absent := [site.images.name(name, release.commit) for name in recipe.built if name not in here]:
        raise NotPrepared(release=release.shown, why=f"{', '.join(absent)} is not on this host")
    if lacking := missing_keys(site, release):
        raise NotPrepared(release=release.shown, why=f"{site.settings.env_file} lacks {', '.join(lacking)}")
    return here


def start(site: Site, words: Sequence[str], meanwhile: Callable[[], None] = nothing) -> None:
    """`compose up`. `meanwhile`: as `put_in_place` has it. Raises CommandFailed where it fails twice: one that a killed run left may be at the same containers."""
    timeout_s = site.settings.start_timeout_s + site.settings.drain_s + ASK_S
    with suppress(CommandFailed):
        site.compose(*words, timeout_s=timeout_s, meanwhile=meanwhile)
        return
    site.compose(*words, timeout_s=timeout_s, meanwhile=meanwhile)


class _Activation:
    """The steps, in their order."""

    def __init__(self, site: Site, release: CheckoutRelease, seen: Sight, images: Mapping[str, str]) -> None:
        self._site = site
        self._release = release
        self._seen = seen
        self._images = images
        self._file = site.intent()
        self._intent = self._begun()
        self._left = site.mounted(seen)
        self._restored = ""

    def run(self, meanwhile: Callable[[], None]) -> Receipt:
        """All of them."""
        try:
            self._put_changes_away()
        except CommandFailed:
            if self._seen.intent is None:
                self._file.done()
            raise
        if not self._runs():
            self._stop()
            self._check_out()
            self._restore_environment()
            self._site.images.point(recipe_of(self._site, self._release).built, self._images)
        self._start(meanwhile)
        cost, kept = self._cost(), self._kept()
        for part in self._site.git.own.glob("intent-*.json"):
            part.unlink()
        return Receipt(
            changed=True, before=self._intent.before, after=self._release.name, cost=cost, kept=kept
        )

    def _begun(self) -> Intent:
        """What is under way, on the disk. What was begun before, for whichever release, goes on as this."""
        found = self._seen.intent
        if found:
            self._site.git.unlock()
            return self._file.keep(found.model_copy(update={"to": self._release.name}))
        self._site.environment.keep(self._seen.release.commit)
        images = {name: one.image_id for name, one in self._seen.containers.items()}
        before = self._seen.release.name
        return self._file.keep(Intent(before=before, to=self._release.name, begun=now(), images=images))

    def _put_changes_away(self) -> None:
        if self._site.git.changes(self._left):
            self._site.git.stash(self._intent.stash, self._left)

    def _runs(self) -> bool:
        """Whether the work tree and every container are the release's already."""
        seen, services = self._site.see(), self._site.settings.services
        own = [(name, seen.containers.get(name)) for name in services]
        run = all(one and one.running and one.image_id == self._images[name] for name, one in own)
        return run and seen.head == self._release.commit and not self._site.git.changes(self._left)

    def _stop(self) -> None:
        """Services get `drain_s` to end; then they are ended. What Compose cannot stop, the engine does."""
        if self._intent.down_since is None:
            self._intent = self._file.keep(self._intent.model_copy(update={"down_since": now()}))
        settings = self._site.settings
        up = [
            name
            for name, one in self._seen.containers.items()
            if name not in settings.keep_running and one.running
        ]
        grace = str(int(settings.drain_s))
        try:
            if up:
                self._site.compose("stop", "--timeout", grace, *up, timeout_s=settings.drain_s + ASK_S)
        except CommandFailed:
            pass  # its file may be what is broken
        self._site.services.stop(settings.drain_s, settings.keep_running)

    def _check_out(self) -> None:
        git = self._site.git
        if git.head() != self._release.commit or git.changes(self._left):
            git.checkout(self._release.commit)

    def _restore_environment(self) -> None:
        kept = self._site.environment.of(self._release.commit)
        if kept and kept.path.read_bytes() != self._site.environment.content():
            self._site.environment.put(kept)
            self._restored = f"{self._site.settings.env_file} of {kept.name} was put back"

    def _start(self, meanwhile: Callable[[], None]) -> None:
        """Start with the images that are there, and wait for health instead of for half a minute."""
        site, settings = self._site, self._site.settings
        words = ("up", "--detach", "--no-build", "--remove-orphans")
        start(site, words, meanwhile)
        why = site.services.wait(settings.services, settings.start_timeout_s, meanwhile)
        if not why and not self._runs():
            why = "containers run another release than the one that was put in place"
        if why:
            said = site.services.logs(settings.services, LAST_LINES, site.secrets())
            raise CommandFailed(
                argv=site.project.argv(*words), exit_code_seen=0, output="\n".join([why, *said])
            )

    def _cost(self) -> str:
        since = self._intent.down_since
        return (
            f"the services were down for {(now() - since).total_seconds():.1f} s"
            if since
            else "no service was stopped"
        )

    def _kept(self) -> str:
        said = []
        if stash := self._site.git.stashed(self._intent.stash):
            said.append(f"local changes are kept in {stash}: {self._intent.stash}")
        if self._restored:
            said.append(self._restored)
        return "; ".join(said)
