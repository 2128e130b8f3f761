"""A release for a slot of a supervisord: its programs down, the slot's link to the release's folder, its programs up."""

from pathlib import Path

from blocks.hosts.contract import Host
from blocks.supervision import starting
from blocks.supervision.control import Control
from blocks.supervision.slot_programs import SlotPrograms
from domain.errors import NotInstalled


def put_in(control: Control, host: Host, place: SlotPrograms, folder: Path, stop_timeout_s: float) -> None:
    """The link is moved while the programs are down: a slot that says a release runs nothing else, wherever a call was cut off.

    Raises:
        CommandFailed: the programs do not stop.
        Unreachable: supervisord or its host does not answer.
    """
    starting.stop(control, place.programs, stop_timeout_s)
    if place.release_link:
        host.link(place.release_link, str(folder))
    starting.start(control, place.programs, stop_timeout_s)


def folder_of(host: Host, releases: Path | None, slot: str, release: str) -> Path:
    """The release's folder. Raises NotInstalled where there is none: nothing may be stopped for it. Raises Unreachable."""
    if releases is None:
        raise NotInstalled(release=release, slot=slot, why="`releases` is not set in backout.yaml")
    folder = releases / release
    if host.run(["test", "-d", str(folder)]).exit_code != 0:
        why = f"there is no folder {folder} on {host.named}: whoever builds the release puts it there"
        raise NotInstalled(release=release, slot=slot, why=why)
    return folder
