"""What is wrong with a checkout, and what mends it, for `backout doctor`."""

import shlex

from blocks.checkout.environment_file import missing
from blocks.checkout.site import Sight, Site
from blocks.containers.container import Container
from blocks.containers.engine import address, engine
from domain.checkup import Checkup, Remedy, unseen, well, wrong
from domain.errors import BackoutError, UnknownRemedy

LAST_LINES = 3
ENGINE = "Docker engine"
OF_ENGINE = 'Aldeia "Complete Rollback Procedure" 3'
OF_SERVICES = 'Aldeia "Complete Rollback Procedure" 10'
OF_TREE = 'Aldeia "Complete Rollback Procedure" 6'
OF_KEYS = 'Aldeia "Complete Rollback Procedure" 7'


def of(site: Site) -> list[Checkup]:
    """The engine, each service that is a component or kept running, the work tree, the keys of `.env`. Never raises."""
    try:
        with engine() as client:
            version = client.version()["Version"]
        answers = well(ENGINE, address(), f"answers, version {version}", source=OF_ENGINE)
    except BackoutError as error:
        mend = Remedy(command="systemctl status docker; systemctl start docker; docker info")
        return [wrong(ENGINE, address(), error.what(), mend, source=OF_ENGINE, symptom="no answer")]
    try:
        seen = site.see()
        services = [_service(site, seen, name) for name in _all(site)]
        return [answers, *services, _tree(site, seen), _keys(site)]
    except BackoutError as error:
        return [answers, unseen("checkout", str(site.project.folder), error.what(), source=OF_TREE)]


def mend(site: Site, remedy: str, kind: str) -> str:
    """`start SERVICE`, `restart SERVICE`. Raises UnknownRemedy, CommandFailed, EngineUnavailable."""
    act, _blank, service = remedy.partition(" ")
    if act not in ("start", "restart") or service not in _all(site):
        raise UnknownRemedy(adapter=kind, remedy=remedy)
    if act == "start":
        site.compose(*_start(service), timeout_s=site.settings.start_timeout_s)
        return f"started {service}"
    site.services.restart(service, site.settings.drain_s)
    return f"restarted {service}"


def _all(site: Site) -> list[str]:
    """Also those that no switch stops: a database that is down is seen here, and started from here."""
    return list(dict.fromkeys([*site.settings.services, *site.settings.keep_running]))


def _start(service: str) -> list[str]:
    return ["up", "--detach", "--no-deps", "--no-build", "--no-recreate", service]


def _service(site: Site, seen: Sight, name: str) -> Checkup:
    one = seen.containers.get(name)
    start = Remedy(name=f"start {name}", command=shlex.join(site.project.argv(*_start(name))))
    if one is None:
        return wrong("service", name, "has no container", start, source=OF_SERVICES, symptom="no container")
    if one.running and one.health in ("", "healthy", "starting"):
        return well("service", name, one.detail, source=OF_SERVICES)
    again = Remedy(name=f"restart {name}", command=f"docker restart {one.name}")
    remedies = [again] if one.running else [start, again]
    return wrong("service", name, _said(site, one), *remedies, source=OF_SERVICES, symptom=one.state)


def _said(site: Site, one: Container) -> str:
    last = " | ".join(site.services.logs([one.service], LAST_LINES, site.secrets()))
    return f"{one.detail}; its log ends: {last or '(empty)'}"


def _tree(site: Site, seen: Sight) -> Checkup:
    on = str(site.project.folder)
    if seen.intent:
        said = f"{seen.intent.to} was to be put in the place of {seen.intent.before}, and that never ended"
        again = Remedy(command=f"backout rollback APP --to {seen.intent.to}")
        return wrong("work tree", on, said, again, source=OF_TREE, symptom="half done")
    if seen.head != seen.release.commit:
        said = f"is on {site.releases.of(seen.head).shown}, and the services run {seen.release.shown}"
        back = Remedy(command=shlex.join(["git", "-C", on, "checkout", seen.release.name]))
        return wrong("work tree", on, said, back, source=OF_TREE, symptom="another commit than what runs")
    changes = site.git.changes(site.mounted(seen))
    said = f"is on {seen.release.shown}" + (
        f", with local changes of {len(changes)} files" if changes else ""
    )
    return well("work tree", on, said, source=OF_TREE)


def _keys(site: Site) -> Checkup:
    on = str(site.environment.path)
    lacking = missing(site.environment.content(), site.settings.required)
    if not lacking:
        return well("required keys", on, "all there", source=OF_KEYS)
    copies = Remedy(command=f"ls -l {shlex.quote(on)}.rollback-backup-*")
    return wrong(
        "required keys", on, f"lacks {', '.join(lacking)}", copies, source=OF_KEYS, symptom="keys missing"
    )
