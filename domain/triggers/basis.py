"""What a window held when its trigger fired, besides the samples."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from domain.triggers.baselines import Baseline
from domain.triggers.rule import Trigger


class OfWatch(BaseModel):
    """With it and the samples the window can be gone through again.

    Attributes:
        trigger: the rule as it was then.
        pauses: signal -> seconds between two of its samples.
        clocks: when each sample was taken, in seconds on the watch's clock: it goes on over restarts of `serve`, and knows
            nothing of the wall's jumps, as the samples' own times do.
        releases: what served at each sample; empty where it was not known.
        baselines: what `rise` compared with.
    """

    model_config = ConfigDict(frozen=True)

    of: Literal["watch"] = "watch"
    trigger: Trigger
    pauses: dict[str, float]
    clocks: list[float]
    releases: list[str]
    baselines: list[Baseline] = []
