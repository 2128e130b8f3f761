"""What every database promises. Its shared suite: `tests/blocks/databases/contract.py`."""

from abc import abstractmethod
from typing import ClassVar

from blocks.adapter import Adapter
from domain.findings import Finding


class Database(Adapter):
    """What the releases share. The read side only: nothing here changes it."""

    family: ClassVar[str] = "databases"

    @abstractmethod
    def observe(self) -> list[Finding]:
        """Whether it answers, and how many connections it has. An unreachable database is a bad finding, not an error."""

    @abstractmethod
    def schema_version(self) -> str | None:
        """The newest applied migration; None where it does not answer or keeps no record."""
