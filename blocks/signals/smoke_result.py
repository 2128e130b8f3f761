"""`smoke_result`: what a smoke test left in a file that ran somewhere else, after the deployment."""

import time
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from blocks.fields import AbsolutePath
from blocks.signals.contract import Place, Signal
from blocks.smoke_files import LONGEST, NoResults, Results, of_json, of_junit
from domain.findings import Finding

SLOT = "{slot}"


class SmokeResult(Signal):
    """A JUnit XML file, as pytest, Cypress, Playwright and Jest write it, or JSON with the number of failures in it.

    The failed tests are the value. A file that is missing, older than `max_age_s` or not readable is no data.
    """

    kind: Literal["smoke_result"] = "smoke_result"
    file: AbsolutePath = Field(
        description="The file on this host; `{slot}` stands for the slot that is looked at."
    )
    format: Literal["junit", "json"] = Field(
        default_factory=lambda settings: (
            "json" if Path(settings.get("file", "")).suffix == ".json" else "junit"
        ),
        description="By default `json` for a file that ends in .json, else `junit`.",
    )
    failed: str = Field(
        default="failed",
        min_length=1,
        description="For `json`: dotted key of the number of failed tests, or of their list: `stats.failures`.",
    )
    total: str | None = Field(
        default=None,
        min_length=1,
        description="For `json`: dotted key of the number of tests; none at all is no data.",
    )
    at_most: int = Field(default=0, ge=0, description="How many may fail all the same.")
    max_age_s: float = Field(
        default=3600,
        gt=0,
        description="Seconds since the file was written from which it says nothing any more.",
    )

    @model_validator(mode="after")
    def _keys_are_for_json(self) -> Self:
        if self.format == "junit" and {"failed", "total"} & self.model_fields_set:
            raise ValueError("failed and total go with format json")
        return self

    def observe(self, place: Place) -> Finding:
        """Read the file as it is now."""
        if SLOT in str(self.file) and place.slot is None:
            return self.no_data(place, f"the slot behind {place.name} is not known")
        file = Path(str(self.file).replace(SLOT, place.slot or ""))
        try:
            age = max(0.0, time.time() - file.stat().st_mtime)
            if age > self.max_age_s:
                said = f"{file} was written {age:.0f} s ago (at most {self.max_age_s:g} s)"
                return self.no_data(place, said)
            results = self._results(file)
        except OSError as error:
            return self.no_data(place, f"{file}: {error.strerror}")
        except NoResults as error:
            return self.no_data(place, f"{file} {error}")
        return self._judged(place, results)

    def _results(self, file: Path) -> Results:
        """Raises OSError, NoResults."""
        with file.open("rb") as opened:
            content = opened.read(LONGEST + 1)
        if len(content) > LONGEST:
            raise NoResults(f"is longer than {LONGEST} bytes")
        results = of_junit(content) if self.format == "junit" else of_json(content, self.failed, self.total)
        if results.total == 0:
            raise NoResults("holds no test")
        return results

    def _judged(self, place: Place, results: Results) -> Finding:
        of = "" if results.total is None else f" of {results.total}"
        named = f": {', '.join(results.names)}" if results.names else ""
        said = f"{results.failed}{of} tests failed{named}"
        value = float(results.failed)
        if results.failed <= self.at_most:
            return self.ok(place, said, value=value, unit="count")
        symptom = f"smoke {results.names[0] if results.names else 'failed'}"
        return self.bad(place, said, symptom, value=value, unit="count")
