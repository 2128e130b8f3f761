"""Whether the place that a Caddy's route is in can be read, for `backout doctor`."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from domain.checkup import Checkup, Remedy, well, wrong
from domain.errors import BackoutError

FILE, FILES, ADMIN = "route file", "route files", "Caddy admin API"
SOURCE = 'FlappyJournal "Rollback Script Fails"'


def examined_file(file: Path) -> Checkup:
    """Whether the file that Caddy's placeholder names holds one `host:port`. Never raises."""
    write = Remedy(command=f"printf %s HOST:PORT > {shlex.quote(str(file))}")
    try:
        held = file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        said = f"{error.strerror}: Caddy answers 502; write the address of the slot that shall serve into it"
        return wrong(FILE, str(file), said, write, source=SOURCE, symptom="unreadable")
    if _is_address(held):
        return well(FILE, str(file), f"Caddy dials {held}", source=SOURCE)
    said = f"it holds {held[:60]!r}, which is no HOST:PORT: Caddy answers 502"
    return wrong(FILE, str(file), said, write, source=SOURCE, symptom="no address")


def examined_folder(folder: Path, look: Callable[[], list[str]]) -> Checkup:
    """Whether each file of the folder in Caddy's placeholders holds one `host:port`.

    `look` gives what they hold, and raises BackoutError where one cannot be read. Never raises.
    """
    show = Remedy(command=f"head {shlex.quote(str(folder))}/*")
    try:
        held = look()
    except BackoutError as error:
        return wrong(FILES, str(folder), error.what(), show, source=SOURCE, symptom="unreadable")
    bad = [address for address in held if not _is_address(address)]
    if bad:
        said = f"a file holds {bad[0][:60]!r}, which is no HOST:PORT: Caddy answers 502 for its share"
        return wrong(FILES, str(folder), said, show, source=SOURCE, symptom="no address")
    per_cent = 100 // len(held)
    each = [f"{address} {held.count(address) * per_cent} %" for address in sorted(set(held))]
    return well(FILES, str(folder), f"Caddy dials {', '.join(each)}", source=SOURCE)


def examined_admin(address: str, ask: Callable[[], Any]) -> Checkup:
    """Whether the admin API answers, and has the handler. `ask`: raises BackoutError where it has not. Never raises."""
    try:
        ask()
    except BackoutError as error:
        look = Remedy(command="systemctl status caddy")
        return wrong(ADMIN, address, error.what(), look, source=SOURCE, symptom="no answer")
    return well(ADMIN, address, "it answers, and has the handler", source=SOURCE)


def _is_address(held: str) -> bool:
    host, _, port = held.rpartition(":")
    return bool(host) and port.isdigit() and len(held.split()) == 1
