"""The configuration alone: a kept copy of `.env`, and the services that read it (Aldeia "Rollback Only Configuration")."""

from datetime import datetime

from blocks.checkout.environment_file import NO_FILE, STAMP, KeptEnvironment, missing
from blocks.checkout.intent import Intent
from blocks.checkout.part import PartAlone
from blocks.checkout.site import Sight
from domain.errors import NotPrepared
from domain.release import Release


class ConfigurationAlone(PartAlone):
    """Its releases are the copies of `.env`, named by their times."""

    @property
    def services(self) -> list[str]:
        """All components: any of them may read it. Compose starts those anew whose variables changed."""
        return self.site.settings.services

    def releases(self, seen: Sight) -> list[str]:  # noqa: ARG002 - the copies are the same whatever runs
        """The copies' times."""
        return [kept.name for kept in self.site.environment.kept()]

    def runs(self, seen: Sight) -> str:  # noqa: ARG002 - the file says it
        """The time of the file as it is."""
        return self.site.environment.name()

    def make_ready(self, slot: str) -> str:
        """See that the copy holds the required keys."""
        kept = self._kept(slot)
        lacking = missing(kept.path.read_bytes(), self.site.settings.required)
        if lacking:
            raise NotPrepared(release=f"configuration {slot}", why=f"it lacks {', '.join(lacking)}")
        return f"{kept.path.name} holds all required keys"

    def move(self, intent: Intent, seen: Sight) -> str:  # noqa: ARG002 - Compose knows what changed
        """Put the copy back, and let Compose start anew what reads it."""
        self.site.environment.put(self._kept(intent.to))
        self.up()
        return f"services whose variables changed were started anew with {self.site.settings.env_file} of {intent.to}"

    def history(self) -> list[Release] | None:
        """The copies and the file as it is, the newest first."""
        return [
            Release(application=self.application, version=name, served_since=_at(name))
            for name in self._names()
        ]

    def deployed(self) -> str | None:
        """The newest: what people put there last."""
        return next(iter(self._names()), None)

    def _names(self) -> list[str]:
        here = self.site.environment.name()
        names = {here, *(kept.name for kept in self.site.environment.kept())} - {NO_FILE}
        return sorted(names, reverse=True)

    def _kept(self, name: str) -> KeptEnvironment:
        found = next((kept for kept in self.site.environment.kept() if kept.name == name), None)
        if found is None:
            raise NotPrepared(release=f"configuration {name}", why="there is no copy of it")
        return found


def _at(name: str) -> datetime:
    """The time in a copy's name; a second one of the same second is a little newer."""
    time, number = name[:15], name[16:]
    at = datetime.strptime(time, STAMP).astimezone()
    return at.replace(microsecond=int(number)) if number else at
