"""Limits above and below of signals whose number is whatever they were told to ask for."""

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from blocks.signals.contract import Place, Signal
from domain.findings import Finding

LONGEST_NAME = 160
WHOLE = 1000
"""From here on a number is said without decimals."""


class Limited(Signal):
    """One number, or one of several things each.

    Beyond a limit, or the nearest to it, is the worst of them, without limits the highest; it is the finding's value, and
    is named. The finding holds the lowest and the highest, too: a trigger has a limit of its own, above or below.
    """

    above: float | None = Field(
        default=None, allow_inf_nan=False, description="Bad where the value is above it."
    )
    below: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="Bad where the value is below it. Without any limit a measured value is ok.",
    )

    @model_validator(mode="after")
    def _something_is_ok(self) -> Self:
        if self.above is not None and self.below is not None and self.below > self.above:
            raise ValueError("below must not be more than above: no value would be ok")
        return self

    def judged(self, place: Place, values: Mapping[str, float], unit: str, of: str) -> Finding:
        """Ok or bad by the worst value.

        Args:
            place: where it was looked at.
            values: what was measured, by a name that people know it by; at least one.
            unit: `s`, `%`, `count` ...
            of: what one of them is: `series`, `metrics`.
        """
        name = max(values, key=lambda each: self._excess(values[each]))
        value = values[name]
        crossed = self._crossed(value)
        said = _measured(value, unit) + (f" ({crossed})" if crossed else "")
        if len(values) > 1:
            said += f", the {'worst' if self._limited else 'highest'} of {len(values)} {of}"
        said += f": {name[:LONGEST_NAME]}" if name else ""
        if len(values) > 1 and not self._limited:
            least = min(values, key=lambda each: values[each])
            said += f"; the lowest, {_measured(values[least], unit)}: {least[:LONGEST_NAME]}"
        if crossed:
            found = self.bad(place, said, crossed, value=value, unit=unit)
        else:
            found = self.ok(place, said, value=value, unit=unit)
        if len(values) == 1:
            return found
        return found.model_copy(update={"lowest": min(values.values()), "highest": max(values.values())})

    @property
    def _limited(self) -> bool:
        return self.above is not None or self.below is not None

    def _crossed(self, value: float) -> str:
        """The limit that the value is beyond, as it is said; empty where it is within."""
        if self.above is not None and value > self.above:
            return f"above {_measured(self.above)}"
        if self.below is not None and value < self.below:
            return f"below {_measured(self.below)}"
        return ""

    def _excess(self, value: float) -> float:
        """How far beyond a limit; negative within. Without limits the highest value is the worst."""
        excesses = [value - self.above] if self.above is not None else []
        excesses += [self.below - value] if self.below is not None else []
        return max(excesses, default=value)


def _measured(value: float, unit: str = "") -> str:
    shown = f"{value:.4g}" if abs(value) < WHOLE else f"{value:.0f}"
    return f"{shown} {unit}".strip() if unit != "count" else shown
