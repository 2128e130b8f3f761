"""What a slot's programs cannot be started without, and is not there."""

import shlex
from collections.abc import Iterator
from configparser import Error, RawConfigParser

from blocks.hosts.contract import Host
from blocks.supervision.control import MISSING, Control
from blocks.supervision.slot_programs import SlotPrograms
from blocks.supervision.starting import states


def lacking(control: Control, host: Host, place: SlotPrograms, configuration: str | None) -> str:
    """In one line: a program that supervisord does not know, its executable, the release's folder; empty where all is there.

    `configuration`: supervisord's, as text; without it no executable is looked for. Raises Unreachable.
    """
    unknown = [state.line() for state in states(control, place.programs) if state.state == MISSING]
    executables = [
        f"{name} is to run {program}, which is not there, or may not be run"
        for name, program in _executables(place, configuration or "")
        if host.run(["test", "-x", program]).exit_code != 0
    ]
    return "; ".join([*unknown, *executables, *_folder(host, place)])


def _folder(host: Host, place: SlotPrograms) -> Iterator[str]:
    link = place.release_link
    if link and host.run(["test", "-d", str(link)]).exit_code != 0:
        yield f"{link} leads to {host.link_target(link) or 'nothing'}, which is no folder"


def _executables(place: SlotPrograms, configuration: str) -> Iterator[tuple[str, str]]:
    """Program -> the file that it runs, where that is written out whole."""
    found = RawConfigParser(strict=False, inline_comment_prefixes=(" ;",))
    try:
        found.read_string(configuration)
    except Error:
        return
    for name in place.programs:
        section = f"program:{name.rpartition(':')[2]}"
        first = next(iter(_words(found.get(section, "command", fallback=""))), "")
        if first.startswith("/") and "%" not in first:
            yield name, first


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # supervisord itself says what is wrong with it
        return []
