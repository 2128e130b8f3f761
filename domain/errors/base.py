"""The base of all errors: fields, and what to do next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar


def _rebuild(kind: type[BackoutError], values: dict[str, Any]) -> BackoutError:
    return kind(**values)


@dataclass(eq=False)
class BackoutError(Exception):
    """Base of the tree. `str()` says what failed, on what, why, and what to do next.

    Attributes:
        retryable: whether the same act, tried again a little later, can succeed.
        exit_code: what the CLI ends with: 1 could not or would not, 2 bad usage or configuration.
    """

    retryable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1

    def what(self) -> str:
        """One sentence: what failed, on what, why."""
        return type(self).__name__

    def next_step(self) -> str:
        """One sentence: what the reader does now. Empty where there is nothing to add."""
        return ""

    def __str__(self) -> str:
        step = self.next_step()
        return f"{self.what()}\n  next: {step}" if step else self.what()

    def __reduce__(self) -> tuple[Callable[..., BackoutError], tuple[Any, ...]]:
        return _rebuild, (type(self), {field.name: getattr(self, field.name) for field in fields(self)})
