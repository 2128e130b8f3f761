"""What all adapters share, and how one is chosen: `kind` is the file's name in the family's folder."""

import importlib
import inspect
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict

from domain.checkup import Checkup
from domain.errors import UnknownRemedy

FOLDER = Path(__file__).parent
FAMILIES = ("platforms", "routers", "hosts", "databases", "migrations", "signals", "channels")
NOT_A_KIND = ("__init__", "contract")


class Adapter(BaseModel):
    """One entry of `backout.yaml` that does something. Unknown keys and missing settings raise.

    Attributes:
        kind: the file's name.
        family: the folder's name; set by each family's contract.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    family: ClassVar[str]
    kind: str

    def examine(self) -> list[Checkup]:
        """What was found of it, for `backout doctor`: each bad one with the command that mends it. Changes nothing, never raises."""
        return []

    def mend(self, remedy: str) -> str:
        """Do the remedy of this name, as `doctor --fix` offers it; what was done, in one line.

        Raises:
            UnknownRemedy: this adapter has none of that name.
            CommandFailed, Unreachable: it could not be done.
        """
        raise UnknownRemedy(adapter=self.kind, remedy=remedy)


class WrongKind(ValueError):
    """`kind` is missing, or names no file of the family; `allowed` lists what would do."""

    def __init__(self, family: str, kind: object) -> None:
        self.family = family
        self.allowed = kinds(family)
        super().__init__(f"kind {kind!r} is not one of the {family} (allowed: {', '.join(self.allowed)})")


def kinds(family: str) -> list[str]:
    """The kinds of a family: its folder's files, sorted."""
    return sorted(path.stem for path in (FOLDER / family).glob("*.py") if path.stem not in NOT_A_KIND)


@cache
def adapter_class(family: str, kind: str) -> type[Adapter]:
    """The adapter that the kind's file defines. The name is checked before anything is imported. Raises WrongKind."""
    if kind not in kinds(family):
        raise WrongKind(family, kind)
    module = importlib.import_module(f"blocks.{family}.{kind}")
    found = [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Adapter)
        and member.__module__ == module.__name__
        and "kind" in member.__annotations__
    ]
    if len(found) != 1:
        raise TypeError(f"blocks/{family}/{kind}.py must define one class with a `kind`, not {len(found)}")
    return found[0]


def modules() -> list[str]:
    """Every adapter's module, for a process that imports them before it forks."""
    families = sorted(path.name for path in FOLDER.iterdir() if (path / "contract.py").is_file())
    return [f"blocks.{family}.{kind}" for family in families for kind in kinds(family)]


def chosen_from(family: str) -> BeforeValidator:
    """What a field that holds any adapter of the family is annotated with."""

    def choose(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        kind = value.get("kind")
        if not isinstance(kind, str):
            raise WrongKind(family, kind)
        return adapter_class(family, kind).model_validate(value)

    return BeforeValidator(choose)
