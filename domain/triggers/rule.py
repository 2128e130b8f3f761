"""Trigger rules as data: what `backout.yaml` says, and what the presets of `domain.thresholds` hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.triggers.statistic import Statistic

STEPS = 3
"""A sample stands for the time since the one before it, but for no more than so many times the pause between two."""


def longest_step_s(signal: str, pauses: Mapping[str, float]) -> float:
    """Seconds that one sample of the signal stands for at most."""
    return STEPS * pauses.get(signal, 0.0)


class Level(StrEnum):
    """What a trigger does: people are told, people are told loudly, or a run starts."""

    WARNING = "warning"
    CRITICAL = "critical"
    ROLL_BACK = "roll back"


FOLLOWED = {
    "failures": {"signal"},
    "above": {"signal", "of", "for_s", "unit"},
    "below": {"signal", "of", "for_s", "unit"},
    "rise": {"signal", "of", "for_s", "unit", "by"},
    "any": set[str](),
    "all": set[str](),
}
"""Each kind of rule, by the key that names it -> the other keys it follows."""

HEALTH = "health"


class Condition(BaseModel):
    """One rule over the samples of a signal: exactly one of `failures`, `above`, `below`, `rise`, `any` and `all`.

    Samples that measured nothing break no rule and count as nothing. `for_s` is time that samples cover: each stands for
    the time since the one before it, at most three times the pause between two; a gap longer than `for_s` (or than
    those three pauses, where they are longer) empties the window.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    signal: str = Field(default=HEALTH, min_length=1, description="The name of the signal it looks at.")
    failures: int | None = Field(default=None, ge=1, le=1000, description="So many bad samples in a row.")
    above: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="Holds while what is measured is above this, in `unit`.",
    )
    below: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="Holds while what is measured is below this, in `unit`.",
    )
    rise: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="Holds while it is more by so many percent than with the release before. Nothing is compared until"
        " that one was measured for `for_s`.",
    )
    by: float = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        description="With `rise`: and more by at least so much, in `unit`: of small numbers much is noise.",
    )
    of: Statistic = Field(
        default=Statistic.EVERY,
        description="What is compared: every sample, their mean, or a percentile (nearest rank).",
    )
    for_s: float = Field(
        default=60.0, ge=0, le=86_400, description="Seconds the samples must cover; 0: one sample is enough."
    )
    unit: str = Field(default="", description="Samples in another unit count as missing; empty: any.")
    any: list[Condition] = Field(default_factory=list, description="Holds while one of these does.")
    all: list[Condition] = Field(default_factory=list, description="Holds while each of these does.")

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        named = [key for key in FOLLOWED if getattr(self, key) not in (None, [])]
        if len(named) != 1:
            said = f"not {' and '.join(named)}" if named else "it has none of them"
            raise ValueError(f"needs exactly one of {', '.join(FOLLOWED)}: {said}")
        for key in sorted(set[str]().union(*FOLLOWED.values()) - FOLLOWED[named[0]]):
            if getattr(self, key) != type(self).model_fields[key].default:
                raise ValueError(f"{key} means nothing beside {named[0]}")
        return self

    @property
    def parts(self) -> list[Condition]:
        """What `any` or `all` is made of; empty for a rule over one signal."""
        return [*self.any, *self.all]

    def leaves(self) -> Iterator[Condition]:
        """The rules over one signal that it is made of; itself where it is one."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()

    @property
    def signals(self) -> set[str]:
        """The names of all findings it looks at."""
        return {leaf.signal for leaf in self.leaves()}

    def with_health(self, name: str) -> Self:
        """The same, where the findings of `health` have another name."""
        if self.parts:
            parts = {key: [part.with_health(name) for part in getattr(self, key)] for key in ("any", "all")}
            return self.model_copy(update=parts)
        return self.model_copy(update={"signal": name}) if self.signal == HEALTH else self

    @property
    def measures(self) -> bool:
        """Whether it compares values; else verdicts."""
        return self.failures is None

    def span_s(self, pauses: Mapping[str, float]) -> float:
        """Seconds that its window reaches back at most. `pauses`: signal -> seconds between two of its samples."""
        return max(leaf.span_of_leaf_s(pauses) for leaf in self.leaves())

    def span_of_leaf_s(self, pauses: Mapping[str, float]) -> float:
        """The same for a rule over one signal: also the longest gap its window may have."""
        longest = longest_step_s(self.signal, pauses)
        return (self.failures * longest) if self.failures is not None else max(self.for_s, longest)

    @property
    def words(self) -> str:
        """The rule for a person: `p95 of latency above 3 s for 300 s`."""
        if self.parts:
            return f" {'and' if self.all else 'or'} ".join(f"({part.words})" for part in self.parts)
        if self.failures is not None:
            many = self.failures > 1
            return (
                f"{self.failures} failure{'s' if many else ''} of {self.signal}{' in a row' if many else ''}"
            )
        what = f"{self.of} {'sample' if self.of is Statistic.EVERY else ''}".strip()
        return f"{what} of {self.signal} {self._limit} for {self.for_s:g} s"

    @property
    def _limit(self) -> str:
        if self.rise is not None:
            return f"{self.rise:g} % above the release before"
        word, limit = ("above", self.above) if self.above is not None else ("below", self.below)
        return f"{word} {limit:g} {self.unit}".strip()


class Trigger(Condition):
    """A rule, and what happens when it holds."""

    name: str = Field(
        default="",
        max_length=100,
        description="Tells triggers apart; the signal's name by default, with the level where it only tells people. One of the"
        " same name as one of the preset's takes its place.",
    )
    issue: str = Field(
        default="health-check-failure",
        description="The row of `policy.issues` that gives the severity; must be there for any signal but `health`.",
    )
    level: Level = Field(
        default=Level.ROLL_BACK,
        description="`roll back` starts a run, as far as policy and consent go; the others tell the channels: `warning` those"
        " of medium severity, `critical` those of critical, as a call for help.",
    )
    runbook: str | None = Field(
        default=None,
        description="What is started, by its deployment's name, as in `alerts.rules`; where left out what the rules say of an"
        " alert of the trigger's name, else `rollback`.",
    )
    source: str = Field(default="", description="Where it is written: the runbook and its section.")

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        """The name, where none is given."""
        if not isinstance(value, dict) or value.get("name"):
            return value
        level, signal = value.get("level", Level.ROLL_BACK), value.get("signal", HEALTH)
        if value.get("any") or value.get("all"):
            raise ValueError("a rule made of others needs a name")
        return {**value, "name": str(signal) if level == Level.ROLL_BACK else f"{signal} {level}"}

    @model_validator(mode="after")
    def _has_issue(self) -> Self:
        if (
            self.level is Level.ROLL_BACK
            and self.signals != {HEALTH}
            and "issue" not in self.model_fields_set
        ):
            raise ValueError("issue is missing: the row of policy.issues that gives the severity")
        return self

    @model_validator(mode="after")
    def _starts_its_runbook(self) -> Self:
        if self.runbook is not None and self.level is not Level.ROLL_BACK:
            raise ValueError(f"runbook means nothing at level {self.level}, which starts nothing")
        return self
