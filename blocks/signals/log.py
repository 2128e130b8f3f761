"""`log`: a pattern that the last log lines must hold, or must not."""

from typing import Literal, Self

from pydantic import Field, model_validator

from blocks.log_patterns import Pattern, matches
from blocks.signals.contract import Place, Signal
from domain.findings import Finding


class Log(Signal):
    """Takes `present` or `absent`. The lines themselves are not shown, since anything may be in them."""

    kind: Literal["log"] = "log"
    present: Pattern | None = Field(default=None, description="Regular expression that a line must match.")
    absent: Pattern | None = Field(default=None, description="Regular expression that no line may match.")
    at_most: int = Field(default=0, ge=0, description="How many lines may match `absent` all the same.")
    lines: int = Field(default=200, ge=1, le=10_000, description="How many of the last lines are looked at.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.present is None) == (self.absent is None):
            raise ValueError("needs either present or absent")
        if self.at_most and self.absent is None:
            raise ValueError("at_most goes with absent")
        return self

    def observe(self, place: Place) -> Finding:
        """Look at the lines there are now."""
        lines = list(place.logs(self.lines))
        if not lines:
            return self.no_data(place, f"{place.name} has no log lines")
        if self.present is not None:
            return self._wanted(place, self.present, lines)
        return self._unwanted(place, self.absent or "", lines)

    def _wanted(self, place: Place, pattern: str, lines: list[str]) -> Finding:
        found = len(matches(pattern, lines))
        said = f"{found} of the last {len(lines)} lines match {pattern!r}"
        return self.ok(place, said) if found else self.bad(place, said, "log line missing")

    def _unwanted(self, place: Place, pattern: str, lines: list[str]) -> Finding:
        found = matches(pattern, lines)
        said = f"{len(found)} of the last {len(lines)} lines match {pattern!r} (at most {self.at_most})"
        if len(found) <= self.at_most:
            return self.ok(place, said, value=float(len(found)), unit="count")
        most = max(sorted(set(found)), key=found.count)
        return self.bad(place, said, f"log {most}".strip(), value=float(len(found)), unit="count")
