"""Targets for Prometheus' `file_sd_configs`: what it scrapes, with a label that says which slot serves.

Whatever reads such files (a log shipper with `file_sd_configs`) can put the same labels on log lines.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from blocks.containers.slot_services import SlotServices
from blocks.files import replace_file
from domain.release import Slot

READABLE = 0o644
"""Prometheus runs as a user of its own."""


def write(file: Path, places: Mapping[str, SlotServices], slots: Iterable[Slot], active: str) -> None:
    """Put the targets of all slots into the file, by a rename, where they are not there yet. Raises OSError.

    Args:
        file: it must lie on a folder that Prometheus sees: a single file that is mounted does not follow a rename.
        places: slot -> its services.
        slots: the slots as they are now, for their versions.
        active: the slot that serves.
    """
    groups = [
        {
            "targets": places[slot.name].metrics,
            "labels": {
                "slot": slot.name,
                "active": str(slot.name == active).lower(),
                "version": slot.version or "",
            },
        }
        for slot in slots
    ]
    text = json.dumps(groups, indent=2) + "\n"
    if file.exists() and file.read_text() == text:
        return
    if not file.exists():
        file.touch(mode=READABLE)
    replace_file(file, text.encode())
