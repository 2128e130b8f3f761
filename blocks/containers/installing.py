"""A release for a slot of a Compose project: its variable in `.env`, then the slot's containers made anew from it."""

from collections.abc import Callable, Mapping
from pathlib import Path

from blocks.compose_program import ComposeProject
from blocks.containers.slot_services import SlotServices
from blocks.environment_text import decoded, encoded, rewritten
from blocks.files import replace_file
from domain.errors import NotInstalled
from domain.errors.machines import unusable

FILE = ".env"
UP = ("up", "--detach", "--no-deps", "--no-build")
"""Nothing is built: what lies in the checkout now need not be the release that is asked for."""


def put_in(
    project: ComposeProject,
    place: SlotServices,
    slot: str,
    release: str,
    timeout_s: float,
    meanwhile: Callable[[], None],
) -> None:
    """Write the variable, then make the containers anew that run something else, the first service's last: it names the release.

    So a call that was cut off leaves a slot that does not say the release yet, and the next call makes up for it. Both calls
    may run at the same time, since a compose program outlives who started it: the second waits for the first.

    Raises:
        NotInstalled: nobody said which variable it is.
        CommandFailed: an image cannot be had, or not be started.
        Unreachable: `.env` cannot be written; nothing was changed.
    """
    if place.release_variable is None:
        raise NotInstalled(
            release=release, slot=slot, why="its `release_variable` is not set in backout.yaml"
        )
    _write(project.folder / FILE, {place.release_variable: release})
    first, *others = place.services
    for names in ([*reversed(others)], [first]):
        if names:
            project.run_alone(*UP, *names, timeout_s=timeout_s, meanwhile=meanwhile)


def _write(file: Path, changes: Mapping[str, str]) -> None:
    try:
        text = decoded(file.read_bytes()) if file.exists() else ""
        if (new := rewritten(text, changes)) != text:
            replace_file(file, encoded(new))
    except OSError as error:
        raise unusable("file", str(file), error) from error
