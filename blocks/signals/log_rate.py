"""`log_rate`: how many of the last log lines match a pattern, in percent."""

from typing import Literal

from pydantic import Field

from blocks.log_patterns import Pattern, matching
from blocks.measured import Measured
from blocks.signals.contract import Place
from domain.findings import Finding


class LogRate(Measured):
    """With `among` an access log gives an error rate. Counts alone are the `log` signal's. No line is ever shown."""

    kind: Literal["log_rate"] = "log_rate"
    pattern: Pattern = Field(description='Regular expression of the lines that are counted: `" 5\\d\\d `.')
    among: Pattern | None = Field(
        default=None,
        description="Regular expression of the lines that they are a share of; by default all lines.",
    )
    lines: int = Field(default=200, ge=1, le=10_000, description="How many of the last lines are looked at.")
    at_least: int = Field(default=1, ge=1, description="With fewer lines to count among there is no data.")

    def observe(self, place: Place) -> Finding:
        """Look at the lines there are now."""
        lines = list(place.logs(self.lines))
        counted = lines if self.among is None else matching(self.among, lines)
        if len(counted) < self.at_least:
            kind = "" if self.among is None else f" that match {self.among!r}"
            return self.no_data(
                place, f"{place.name} has {len(counted)} log lines{kind} (at least {self.at_least})"
            )
        found = len(matching(self.pattern, counted))
        share = 100 * found / len(counted)
        said = f"{found} of {len(counted)} lines match {self.pattern!r} ({share:.1f} %)"
        return self.held(place, said, share, "%", f"log {self.pattern[:40]}")
