"""How much room a folder's disk has left, for `backout doctor`."""

import shlex
import shutil
from pathlib import Path

from domain.checkup import Checkup, Remedy, unseen, well, wrong

LEAST_FREE_GIB = 1.0
"""Below this a dump or the logs of one incident may not fit any more."""

GIB = 1024**3
NAME = "disk"


def disk_checkup(on: str, folder: Path, source: str = "") -> Checkup:
    """Bad below `LEAST_FREE_GIB`. `on`: what lies in the folder; where the folder is not there yet, its parent is asked."""
    try:
        there = next((place for place in (folder, *folder.parents) if place.exists()), Path("/"))
        found = shutil.disk_usage(there)
    except OSError as error:
        return unseen(NAME, on, f"{folder}: {error.strerror or error}", source=source)
    free = found.free / GIB
    used = (
        100 * found.used / max(found.used + found.free, 1)
    )  # as df(1): what is kept for root counts for neither
    said = f"{free:.1f} GiB free for {folder} ({used:.0f} % used)"
    if free >= LEAST_FREE_GIB:
        return well(NAME, on, said, source=source)
    largest = Remedy(command=f"du -xh --max-depth=2 {shlex.quote(str(there))} | sort -h | tail -n 15")
    return wrong(NAME, on, said, largest, source=source, symptom="disk full")
