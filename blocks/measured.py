"""What signals share that measure one thing of which they know what it is."""

from blocks.limits import Limited
from blocks.signals.contract import Place
from domain.findings import Finding


class Measured(Limited):
    """One number, said in the signal's own words. It is the finding's value, ok or bad: triggers have limits of their own."""

    def held(self, place: Place, said: str, value: float, unit: str, symptom: str) -> Finding:
        """Ok or bad by `above` and `below`. `symptom`: a few comparable words for the case that it is bad."""
        crossed = self._crossed(value)
        if crossed:
            return self.bad(place, f"{said} ({crossed})", symptom, value=value, unit=unit)
        return self.ok(place, said, value=value, unit=unit)
