"""What is wrong with a Caddy, and what mends it, for `backout doctor`."""

import shlex
from pathlib import Path

from blocks.caddy_commands import CaddyCommands
from blocks.containers import container as containers
from blocks.containers import inside
from blocks.containers.engine import engine
from blocks.containers.words import lines_of
from domain.checkup import Checkup, Remedy, unseen, well, wrong
from domain.errors import BackoutError, CommandFailed

CONTAINER, FILE = "Caddy container", "Caddyfile"
START, RELOAD = "start caddy", "reload"
OF_CONTAINER = 'FlappyJournal "Rollback Script Fails" 2'
OF_RELOAD = 'FlappyJournal "Rollback Script Fails" 3, "SSL/TLS Certificate Problems" 2'
LAST_LINES = 3


def examined(caddy: CaddyCommands, file: Path, container: str | None, *, cut_off: bool) -> list[Checkup]:
    """The container, where there is one; then whether Caddy runs what its file says. Never raises.

    Args:
        caddy: whom to ask.
        file: its Caddyfile.
        container: its container.
        cut_off: whether a switch was cut off between the file and the reload.
    """
    of_container = examined_container(container)
    if any(checkup.bad for checkup in of_container):
        return of_container
    return [*of_container, _of_file(caddy, file, cut_off=cut_off)]


def examined_container(name: str | None) -> list[Checkup]:
    """Whether Caddy's container runs, with its last words where it does not; nothing where it has none. Never raises."""
    if name is None:
        return []
    by_hand = Remedy(name=START, command=shlex.join(["docker", "start", name]))
    try:
        with engine() as client:
            one = containers.named(client, name)
            if one is None:
                said = "there is no container of that name"
                by_hand = Remedy(command="docker ps --all --filter name=caddy")
                return [wrong(CONTAINER, name, said, by_hand, source=OF_CONTAINER)]
            if one.running:
                return [well(CONTAINER, name, one.detail, source=OF_CONTAINER)]
            last = " | ".join(line.strip() for line in lines_of(client, [one], LAST_LINES, ()))
    except BackoutError as error:
        return [unseen(CONTAINER, name, error.what(), Remedy(command="docker info"), source=OF_CONTAINER)]
    said = f"{one.detail}; its log ends: {last or '(empty)'}"
    return [wrong(CONTAINER, name, said, by_hand, source=OF_CONTAINER, symptom=one.state)]


def start_container(name: str) -> str:
    """Do the remedy `start caddy`; what was done. Raises CommandFailed, Unreachable."""
    one = inside.found(name)
    with engine() as client:
        containers.start(client, one)
    return f"container {name} was started"


def _of_file(caddy: CaddyCommands, file: Path, *, cut_off: bool) -> Checkup:
    on = str(file)
    try:
        by_hand = shlex.join(caddy.by_hand(file))
        written = caddy.adapt(file)
    except CommandFailed as error:
        look = Remedy(command=shlex.join(error.argv))
        return wrong(FILE, on, error.what(), look, source=OF_RELOAD, symptom="not valid")
    except BackoutError as error:
        return unseen(FILE, on, error.what(), source=OF_RELOAD)
    reload = Remedy(name=RELOAD, command=by_hand)
    try:
        same = caddy.running().value == written
    except BackoutError as error:
        return wrong(FILE, on, error.what(), source=OF_RELOAD, symptom="Caddy does not answer")
    if same and not cut_off:
        return well(FILE, on, "Caddy runs what it says", source=OF_RELOAD)
    said = (
        "a switch was cut off between the file and the reload"
        if cut_off
        else "Caddy does not run what it says"
    )
    return wrong(FILE, on, said, reload, source=OF_RELOAD, symptom="not loaded")
