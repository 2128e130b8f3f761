"""A feature flag alone: one variable of `.env`, and the services that read it."""

from datetime import UTC, datetime, timedelta

from blocks.checkout.environment_file import values_of
from blocks.checkout.intent import Intent
from blocks.checkout.part import PartAlone
from blocks.checkout.settings import FLAG, Flag
from blocks.checkout.site import Sight
from domain.release import Release

ON, OFF = "on", "off"


class FlagAlone(PartAlone):
    """Its releases are `on` and `off`; `off` is what a feature goes back to."""

    @property
    def services(self) -> list[str]:
        """All components: any of them may read it. Compose starts those anew whose variables changed."""
        return self.site.settings.services

    def releases(self, seen: Sight) -> list[str]:  # noqa: ARG002 - there are always two
        """Both."""
        return [ON, OFF]

    def runs(self, seen: Sight) -> str:  # noqa: ARG002 - the file says it
        """`off` where the variable has that value; else on."""
        return OFF if self.site.environment.values().get(self._flag.variable) == self._flag.off else ON

    def make_ready(self, slot: str) -> str:
        """Nothing has to be made."""
        return f"{self._flag.variable} will be {self._value(slot)}"

    def move(self, intent: Intent, seen: Sight) -> str:  # noqa: ARG002 - Compose knows what changed
        """Give the variable its value, and let Compose start anew what reads it."""
        self.site.environment.set_variable(self._flag.variable, self._value(intent.to))
        self.up()
        return f"services that read {self._flag.variable} were started anew"

    def history(self) -> list[Release] | None:
        """On, and before it off: a feature was off before it was turned on."""
        now = datetime.now(UTC)
        return [
            Release(application=self.application, version=ON, served_since=now - timedelta(seconds=1)),
            Release(application=self.application, version=OFF, served_since=now - timedelta(seconds=2)),
        ]

    def deployed(self) -> str | None:
        """On: nobody builds a feature that is off."""
        return ON

    def _value(self, slot: str) -> str:
        """For `on`: what it was when it was on last, as the copies of `.env` tell."""
        if slot == OFF:
            return self._flag.off
        told = [values_of(kept.path.read_bytes()) for kept in self.site.environment.kept()]
        values = (values.get(self._flag.variable) for values in told)
        return next((value for value in values if value and value != self._flag.off), self._flag.on)

    @property
    def _flag(self) -> Flag:
        return self.site.settings.flags[self.part.removeprefix(FLAG)]
