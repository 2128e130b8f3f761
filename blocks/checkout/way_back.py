"""Whether a checkout's release can be put in place again once another one has its place."""

from blocks.checkout.preparation import keep_what_runs, missing_keys, recipe_of
from blocks.checkout.site import Sight, Site
from domain.errors import NotPrepared


def no_way_back(site: Site) -> str:
    """Why what runs could not be put in place again; empty where it can. Changes nothing. Raises Unreachable."""
    seen = site.see()
    if seen.intent:
        return (
            f"{seen.intent.to} was begun to be put in the place of {seen.intent.before}, and that never ended"
        )
    if seen.foreign:
        told = ", ".join(f"{name} runs {min(commits)[:10]}" for name, commits in seen.foreign.items())
        return f"not all components run {seen.release.shown}: {told}"
    if unknown := _unknown(site, seen):
        return (
            f"nobody can tell what the images of {', '.join(unknown)} were built from: {_why_unknown(seen)}"
        )
    if lacking := missing_keys(site, seen.release):
        return f"{site.settings.env_file} lacks {', '.join(lacking)}"
    return ""


def keep_way_back(site: Site) -> list[str]:
    """Name the images that run by their commit, keep `.env` and what the files ask for; what was kept, one line each.

    Raises:
        NotPrepared: an image is not there, or Compose cannot read the files.
        Unreachable: git or the engine cannot be asked.
    """
    seen = site.see()
    release = seen.release
    lacking = keep_what_runs(site, seen)
    own = {
        name: seen.containers[name].image_id for name, told in seen.commits.items() if release.commit in told
    }
    site.images.keep(own, release.commit)
    if lacking:
        raise NotPrepared(release=release.shown, why="; ".join(lacking))
    names = [site.images.name(service, release.commit) for service in recipe_of(site, release).built]
    if absent := site.images.absent(names):
        raise NotPrepared(release=release.shown, why=f"{', '.join(absent)} is not on this host")
    return [f"commit {release.commit[:10]}", *names, f"a copy of {site.settings.env_file}"]


def _unknown(site: Site, seen: Sight) -> list[str]:
    """The components whose images name no commit, where the work tree does not tell it either."""
    unnamed = [name for name, told in seen.commits.items() if not told]
    clean = seen.head == seen.release.commit and not site.git.changes(site.mounted(seen))
    return [] if clean else unnamed


def _why_unknown(seen: Sight) -> str:
    if seen.head != seen.release.commit:
        return f"the work tree is on {seen.head[:10]}"
    return "the work tree has local changes"
