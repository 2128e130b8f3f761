"""What Aldeia step 3 keeps before anything changes: services, `.env`, commit, log files; without a secret."""

import yaml

from blocks.checkout.environment_file import shown
from blocks.checkout.site import Sight, Site
from blocks.containers.rendered import without_secrets
from blocks.files import tail
from blocks.program import MASK, masked
from domain.errors import CommandFailed

LOG_LINES = 10_000


def texts(site: Site) -> dict[str, str]:
    """File name -> text. Changes nothing. Raises Unreachable."""
    seen = site.see()
    flags = [flag.variable for flag in site.settings.flags.values()]
    return {
        "compose.yaml": _rendered(site, flags),
        "services.txt": _services(seen),
        "environment.txt": shown(site.environment.content(), MASK, flags),
        "commit.txt": f"{seen.head}\n",
        "changes.txt": "\n".join(site.git.changes()),
        **_log_files(site),
    }


def _rendered(site: Site, public: list[str]) -> str:
    try:
        document = without_secrets(site.project.rendered(), public)
    except CommandFailed as error:
        return masked(f"Compose cannot read its files: {error.output}", site.secrets())
    return masked(yaml.safe_dump(document, sort_keys=False), site.secrets())


def _services(seen: Sight) -> str:
    """One line a service, as `ps` has them: container, image, state, commit."""
    lines = [
        f"{name}: {one.name}, {one.image} {one.image_id}, {one.detail}, commit {_commits(seen, name)}"
        for name, one in sorted(seen.containers.items())
    ]
    return "\n".join(lines)


def _commits(seen: Sight, service: str) -> str:
    return ", ".join(sorted(seen.commits.get(service, ()))) or "unknown"


def _log_files(site: Site) -> dict[str, str]:
    if site.settings.log_folder is None:
        return {}
    folder = site.project.folder / site.settings.log_folder
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        f"logs/{path.relative_to(folder)}": masked("\n".join(tail(path, LOG_LINES)), site.secrets())
        for path in files
    }
