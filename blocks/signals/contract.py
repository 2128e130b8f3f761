"""What every signal promises. Its shared suite: `tests/blocks/signals/contract.py`."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from blocks.adapter import Adapter
from domain.findings import Finding, Verdict


def _no_logs(_lines: int) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Place:
    """Where a signal looks: a slot past the router, or the router as a user reaches it.

    Attributes:
        name: the slot's name, or `router`.
        url: base URL without a closing slash; None where the place has none.
        logs: gives the last so many log lines of the slot, oldest first.
        slot: the slot that is looked at; through the router the one that should serve. None where it is not known.
    """

    name: str
    url: str | None
    logs: Callable[[int], Sequence[str]] = _no_logs
    slot: str | None = None


class Signal(Adapter):
    """Something that can produce findings."""

    family: ClassVar[str] = "signals"
    brief: ClassVar[bool] = True
    """Whether it ends within seconds and leaves nothing behind for a moment: only such ones are asked before a switch."""

    name: str = Field(
        default_factory=lambda settings: settings["kind"],
        min_length=1,
        description="What findings are called; the kind where it is not given.",
    )
    every_s: float | None = Field(
        default=None,
        gt=0,
        description="Seconds between two samples of the watch; those of `watch.every_s` where it is not given.",
    )

    @abstractmethod
    def observe(self, place: Place) -> Finding:
        """Look once, within the signal's own timeout, and say what was seen.

        An unhealthy application is a finding, not an error: this raises only where the signal itself is wrong. Where
        nothing could be measured (no address, no samples) the verdict is `no data`. It leaves nothing behind.
        """

    def ok(
        self,
        place: Place,
        said: str,
        *,
        value: float | None = None,
        unit: str = "",
        version: str | None = None,
    ) -> Finding:
        """A finding with the verdict ok."""
        return Finding(
            name=self.name,
            on=place.name,
            verdict=Verdict.OK,
            said=said,
            value=value,
            unit=unit,
            version=version,
        )

    def bad(
        self,
        place: Place,
        said: str,
        symptom: str,
        *,
        value: float | None = None,
        unit: str = "",
        version: str | None = None,
    ) -> Finding:
        """A finding with the verdict bad. `symptom`: a few comparable words, e.g. `http 503`, `refused`, `timeout`."""
        return Finding(
            name=self.name, on=place.name, verdict=Verdict.BAD, said=said, symptom=symptom, value=value, unit=unit, version=version
        )  # fmt: skip

    def no_data(self, place: Place, said: str) -> Finding:
        """A finding with the verdict no data."""
        return Finding(name=self.name, on=place.name, verdict=Verdict.NO_DATA, said=said)
