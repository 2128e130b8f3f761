"""Triggers: rules over findings in time, as data, and the windows that evaluate them."""

from domain.triggers.baselines import Baseline, Baselines
from domain.triggers.rule import Condition, Level, Trigger
from domain.triggers.window import Window, window_of

__all__ = ["Baseline", "Baselines", "Condition", "Level", "Trigger", "Window", "window_of"]
