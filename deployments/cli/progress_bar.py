"""A bar for long acts on a database."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from blocks.databases.contract import OnProgress, untold
from deployments.cli.output import errors
from domain.database import progress as told


@contextmanager
def bar(*, quiet: bool) -> Iterator[OnProgress]:
    """Shows on standard error how far it has come; nothing where `quiet`."""
    if quiet:
        yield untold
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as shown:
        task = shown.add_task("", total=None)

        def tell(seen: told.Progress) -> None:
            shown.update(task, description=seen.what, completed=seen.done, total=seen.total or None)

        yield tell
