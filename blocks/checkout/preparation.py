"""All that a release needs and that takes no downtime: its files are there, its `.env` is whole, its images are built."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from blocks.checkout.environment_file import differing, missing
from blocks.checkout.images import Recipe, whole_name
from blocks.checkout.releases import CheckoutRelease
from blocks.checkout.site import Sight, Site
from blocks.files import locked, replace_file
from blocks.program import masked
from domain.errors import CommandFailed, NotPrepared
from domain.names import image_tag

LAST_LINES = 8


def make_ready(site: Site, release: CheckoutRelease) -> str:
    """Make a release ready to be put in place; what was done, one line.

    Raises:
        NotPrepared: it cannot be put in place; what serves was not touched.
        Unreachable: git, the engine or a file cannot be used.
    """
    _refuse_unfit(site, release)
    site.git.ignore(f"/{site.settings.env_file}", f"/{site.settings.env_file}.rollback-backup-*")
    _refuse_missing_keys(site, release)
    seen = site.see()
    lacking = keep_what_runs(site, seen)
    with _files(site, release) as tree:
        said = _images(site, release, tree, site.settings.services)
    return "; ".join([said, *_environment(site, release), *_changes(site, seen), *lacking])


def make_component_ready(site: Site, release: CheckoutRelease, service: str) -> str:
    """The same for one component: its image alone. Raises as `make_ready` does."""
    return _make_images(site, release, [service])


def bring(site: Site, release: CheckoutRelease) -> None:
    """The components' images are here and are called by the release's name too: what its migration tool runs from.

    Also of a release that could not be started as it is, for want of a key. A build waits for nobody's turn, and nobody
    for it: only the names are given in turn. Raises NotPrepared, Unreachable, Busy.
    """
    if brought(site, release):
        return
    services, named = site.settings.services, _names(site, release)
    if site.images.absent([site.images.name(service, release.commit) for service in services]):
        _make_images(site, release, services)
    else:
        keep_what_runs(site, site.see())
    with site.turn():
        _refuse_taken(site, release, named.values())
        site.images.point(named, site.images.of(services, release.commit))


def brought(site: Site, release: CheckoutRelease) -> bool:
    """Whether `bring` has nothing to do: the images of its commit are here, and have its name. Changes nothing. Raises Unreachable."""
    services = site.settings.services
    built = site.images.of(services, release.commit)
    return len(built) == len(services) and built == site.images.of(services, image_tag(release.name))


def _names(site: Site, release: CheckoutRelease) -> dict[str, str]:
    """Service -> what its image is called by the release's name."""
    return {name: site.images.name(name, image_tag(release.name)) for name in site.settings.services}


def _refuse_taken(site: Site, release: CheckoutRelease, names: Iterable[str]) -> None:
    """A tag of git may be called as what Compose starts, `latest`: moved there, another release would be started by it."""
    seen = site.see()
    if seen.release.commit == release.commit:
        return
    recipe = recipe_of(site, seen.release)
    starts = {whole_name(name) for name in (*recipe.built.values(), *recipe.pulled.values())}
    if taken := sorted(starts & set(names)):
        why = f"Compose starts {seen.release.shown} as {', '.join(taken)}: give its commit another tag"
        raise NotPrepared(release=release.shown, why=why)


def _make_images(site: Site, release: CheckoutRelease, services: Sequence[str]) -> str:
    _refuse_unfit(site, release)
    site.git.ignore(f"/{site.settings.env_file}", f"/{site.settings.env_file}.rollback-backup-*")
    keep_what_runs(site, site.see())
    with _files(site, release) as tree:
        return _images(site, release, tree, services)


@contextmanager
def _files(site: Site, release: CheckoutRelease) -> Iterator[Path]:
    """The commit's files with its `.env`. Two runs that build the same commit do so one after the other; the second finds the images."""
    wait_s = site.settings.build_timeout_s
    try:
        with locked(_builds(site) / f"{release.commit}.lock", wait_s), site.git.tree(release.commit) as tree:
            _link_environment(site, release, tree)
            yield tree
    except TimeoutError as error:
        raise NotPrepared(
            release=release.shown, why=f"another run builds it for over {wait_s:g} s"
        ) from error


def _builds(site: Site) -> Path:
    folder = site.git.own / "builds"
    folder.mkdir(exist_ok=True)
    return folder


def recipe_of(site: Site, release: CheckoutRelease) -> Recipe:
    """What `make_ready` noted. Raises NotPrepared where it was never called, or an image has gone since."""
    try:
        recipe = Recipe.model_validate_json(_note(site, release).read_text())
    except FileNotFoundError:
        raise NotPrepared(release=release.shown, why="it was not made ready") from None
    return recipe


def missing_keys(site: Site, release: CheckoutRelease) -> list[str]:
    """The required keys that the `.env` does not hold which the release will run with."""
    return missing(_environment_of(site, release), site.settings.required)


def keep_what_runs(site: Site, seen: Sight) -> list[str]:
    """Keep what the way back needs: `.env`, the running images by their commit, the files' recipe; what is lacking."""
    site.environment.keep()
    if seen.intent:
        return []
    if seen.head == seen.release.commit and not site.git.changes(site.mounted(seen)):
        unnamed = {name: seen.containers[name].image_id for name, told in seen.commits.items() if not told}
        site.images.keep(unnamed, seen.head)
    try:
        keep_recipe(site, seen.release, site.images.recipe(site.project.folder))
    except CommandFailed:
        return [f"no way back to {seen.release.shown}: Compose cannot read its files"]
    return []


def keep_recipe(site: Site, release: CheckoutRelease, recipe: Recipe) -> None:
    """Note what a release's files ask for."""
    replace_file(_note(site, release), recipe.model_dump_json().encode())


def _refuse_unfit(site: Site, release: CheckoutRelease) -> None:
    for file in site.project.files:
        if not file.is_absolute() and not site.git.holds(release.commit, str(file)):
            raise NotPrepared(release=release.shown, why=f"it has no {file}")
    name = str(site.settings.env_file)
    if site.git.tracks(name) or site.git.holds(release.commit, name):
        why = (
            f"git keeps {name}: a checkout would overwrite what the host runs with. Take it out of git first"
        )
        raise NotPrepared(release=release.shown, why=why)


def _refuse_missing_keys(site: Site, release: CheckoutRelease) -> None:
    if lacking := missing_keys(site, release):
        why = f"{site.settings.env_file} lacks {', '.join(lacking)}"
        raise NotPrepared(release=release.shown, why=why)


def _images(site: Site, release: CheckoutRelease, tree: Path, services: Sequence[str]) -> str:
    try:
        recipe = site.images.recipe(tree)
        if unknown := [name for name in services if name not in recipe.built]:
            raise NotPrepared(release=release.shown, why=f"it builds no {', '.join(unknown)}")
        keep_recipe(site, release, recipe)
        wanted = list(recipe.built) if set(services) == set(site.settings.services) else list(services)
        return _built(site, release, tree, recipe, wanted)
    except CommandFailed as error:
        lines = masked(error.output, site.secrets()).strip().splitlines()[-LAST_LINES:]
        why = f"{error.argv[0]} failed: {' | '.join(line.strip() for line in lines if line.strip())}"
        raise NotPrepared(release=release.shown, why=why) from error


def _built(site: Site, release: CheckoutRelease, tree: Path, recipe: Recipe, wanted: Sequence[str]) -> str:
    names = {site.images.name(service, release.commit): service for service in wanted}
    absent = [names[name] for name in site.images.absent(list(names))]
    foreign = set(site.images.absent(list(recipe.pulled.values())))
    if foreign:
        to_pull = [service for service, image in recipe.pulled.items() if image in foreign]
        site.images.pull(tree, to_pull, site.settings.build_timeout_s)
    if not absent:
        return f"reused the images of {release.shown}"
    started = time.monotonic()
    override = _builds(site) / f"{release.commit}.yaml"
    site.images.build(tree, absent, release.commit, override, site.settings.build_timeout_s)
    reused = f", reused {', '.join(sorted(set(wanted) - set(absent)))}" if len(absent) < len(wanted) else ""
    took = time.monotonic() - started
    return f"built {', '.join(absent)} of {release.shown} in {took:.0f} s{reused}"


def _environment_of(site: Site, release: CheckoutRelease) -> bytes:
    kept = site.environment.of(release.commit)
    return kept.path.read_bytes() if kept else site.environment.content()


def _environment(site: Site, release: CheckoutRelease) -> list[str]:
    kept = site.environment.of(release.commit)
    differs = differing(_environment_of(site, release), site.environment.content())
    if kept is None or not differs:
        return []
    return [f"{site.settings.env_file} of {kept.name} is put back: it differs in {', '.join(differs)}"]


def _changes(site: Site, seen: Sight) -> list[str]:
    changes = site.git.changes(site.mounted(seen))
    return [f"local changes of {len(changes)} files will be stashed"] if changes else []


def _link_environment(site: Site, release: CheckoutRelease, tree: Path) -> None:
    """Compose reads the variables that the release will run with; a link, so that no second copy lies about."""
    link = tree / site.settings.env_file
    kept = site.environment.of(release.commit)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(kept.path if kept else site.environment.path)


def _note(site: Site, release: CheckoutRelease) -> Path:
    folder = site.git.own / "recipes"
    folder.mkdir(exist_ok=True)
    return folder / f"{release.commit}.json"
