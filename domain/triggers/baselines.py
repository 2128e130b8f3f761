"""What a signal was while each release served: what `rise` is held against."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

MEMORY = 500
"""Windows that a baseline remembers: what was long ago fades."""

KEPT = 5
"""Releases whose baselines are kept."""


class Baseline(BaseModel):
    """The typical value of one statistic while one release served.

    Attributes:
        measure: what was measured: the signal, the statistic and its seconds.
        windows: how many it was made of.
    """

    model_config = ConfigDict(frozen=True)

    measure: str
    release: str
    value: float
    windows: int = 1

    def with_one_more(self, value: float) -> Baseline:
        """The running mean with one more window in it."""
        windows = min(self.windows + 1, MEMORY)
        return self.model_copy(
            update={"value": self.value + (value - self.value) / windows, "windows": windows}
        )


class Baselines:
    """The baselines of one application, newest release last. `learns`: whether windows add to them."""

    def __init__(self, known: Iterable[Baseline] = ()) -> None:
        self.learns = True
        self._kept: dict[str, dict[str, Baseline]] = {}
        self._changed: dict[tuple[str, str], Baseline] = {}
        for one in known:
            self._kept.setdefault(one.measure, {})[one.release] = one

    def note(self, measure: str, release: str, value: float) -> None:
        """A window was measured while this release served."""
        if not self.learns:
            return
        held = self._kept.setdefault(measure, {})
        known = held.pop(release, None)
        held[release] = (
            known.with_one_more(value) if known else Baseline(measure=measure, release=release, value=value)
        )
        self._changed[measure, release] = held[release]
        for oldest in list(held)[:-KEPT]:
            del held[oldest]

    def take_changed(self) -> list[Baseline]:
        """Those that were noted since it was last asked."""
        changed = list(self._changed.values())
        self._changed.clear()
        return changed

    def before(self, measure: str, release: str) -> Baseline | None:
        """That of the release that served before this one; None where it was not measured."""
        others = [one for name, one in self._kept.get(measure, {}).items() if name != release]
        return others[-1] if others else None
