"""Which backups stay."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.database.backup import Backup


class Retention(BaseModel):
    """How many backups of one database stay. The newest one always does.

    Days and weeks are those of UTC; weeks begin on Monday (ISO 8601). One without any backup does not count.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    last: int = Field(7, ge=1, description="The newest backups.")
    daily: int = Field(7, ge=0, description="The newest backup of each of that many days.")
    weekly: int = Field(4, ge=0, description="The newest backup of each of that many weeks.")

    def superfluous(self, backups: Iterable[Backup], keep: Iterable[str] = ()) -> list[Backup]:
        """The backups that may go, newest first.

        Only those that say what they hold can go, and only they count: one with problems would keep a good one
        from counting, and a dump without a manifest is somebody else's.

        Args:
            backups: of any databases, in any order.
            keep: names that stay in any case, such as an open incident's.
        """
        ours = sorted((backup for backup in backups if backup.verified), key=_when, reverse=True)
        kept = set(keep)
        for database in {_whose(backup) for backup in ours}:
            of_one = [backup for backup in ours if _whose(backup) == database]
            kept |= {backup.name for backup in self._kept(of_one)}
        return [backup for backup in ours if backup.name not in kept]

    def _kept(self, newest_first: Sequence[Backup]) -> list[Backup]:
        days = _newest_of_each(newest_first, lambda at: (at.year, at.month, at.day))
        weeks = _newest_of_each(newest_first, lambda at: at.isocalendar()[:2])
        return [*newest_first[: self.last], *days[: self.daily], *weeks[: self.weekly]]


def _newest_of_each(
    newest_first: Sequence[Backup], period: Callable[[datetime], tuple[int, ...]]
) -> list[Backup]:
    found: dict[tuple[int, ...], Backup] = {}
    for backup in newest_first:
        found.setdefault(period(backup.taken_at.astimezone(UTC)), backup)
    return list(found.values())


def _when(backup: Backup) -> tuple[datetime, str]:
    """Two of the same second have an order too."""
    return backup.taken_at, backup.name


def _whose(backup: Backup) -> tuple[str, str]:
    """The application and the database: two applications may call theirs by the same name."""
    manifest = backup.manifest
    return (manifest.application, manifest.database) if manifest else ("", "")
