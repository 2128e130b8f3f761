"""Templates of one's own: the files of a folder, read each time, so that a change counts at the next message."""

from pathlib import Path

from domain.checkup import Checkup, Remedy, well, wrong
from domain.errors import Unreachable
from domain.message_templates import problems
from domain.report.markdown import SUFFIX

LONGEST = 100_000
"""Bytes of one template."""


def read(folder: Path | None) -> dict[str, str]:
    """File name -> text; empty where there is no folder. Raises Unreachable where one is named and cannot be read."""
    if folder is None:
        return {}
    try:
        files = [file for file in sorted(folder.iterdir()) if file.name.endswith(SUFFIX)]
        return {file.name: file.read_text(encoding="utf-8")[:LONGEST] for file in files}
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "a file is not UTF-8"
        raise Unreachable("the templates' folder", str(folder), why or type(error).__name__) from None


def examine(folder: Path | None) -> list[Checkup]:
    """Whether each of them can be used, for `backout doctor`. Nothing where there is no folder."""
    if folder is None:
        return []
    remedy = Remedy(command=f"ls -l {folder}")
    try:
        own = read(folder)
    except Unreachable as error:
        return [wrong("templates", str(folder), error.what(), remedy)]
    found = problems(own)
    if found:
        return [wrong("templates", str(folder), "; ".join(found), remedy)]
    return [well("templates", str(folder), f"{len(own)} templates can be used")]
