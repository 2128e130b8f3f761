"""What both routers share of a Caddy that reads at each request, from files, whom to dial: lock, container, doctor."""

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import Field

from blocks.caddy_checkup import START, examined_container, start_container
from blocks.containers import inside, mounts
from blocks.fields import ContainerName
from blocks.files import locked
from blocks.routers.contract import Router
from domain.checkup import Checkup
from domain.errors import ConfigurationError, Unreachable
from domain.errors.machines import unusable

LOCK_TIMEOUT_S = 10.0
ENGINE_S = 2.0
"""What a switch waits for an engine, which it does not need."""


class PlaceholderRouter(Router):
    """Caddy's upstream is the placeholder of a file, and is never asked: a switch is a rename, also while Caddy is down.

    Compare-and-set: under a lock beside the place the route is read, compared and replaced. Whoever writes there
    without the lock, a person or a script, can still come between the comparison and the rename, some 0.1 ms: then
    the last one wins.

    Where Caddy runs in a container the place's folder is mounted there: what is mounted itself follows no rename.
    """

    container: ContainerName | None = Field(
        default=None, description="The container that Caddy runs in, for `backout doctor`."
    )

    @property
    @abstractmethod
    def _place(self) -> Path:
        """What a switch renames."""

    @property
    @abstractmethod
    def _setting(self) -> str:
        """The setting that names it."""

    @abstractmethod
    def _examined_place(self) -> Checkup:
        """Whether Caddy can read whom to dial. Never raises."""

    def examine(self) -> list[Checkup]:
        """Caddy's container, where it has one, and what a switch renames."""
        return [*examined_container(self.container), self._examined_place()]

    def mend(self, remedy: str) -> str:
        """`start caddy`, where it has a container."""
        if self.container and remedy == START:
            return start_container(self.container)
        return super().mend(remedy)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Nobody else switches meanwhile.

        Raises ConfigurationError where Caddy would not see the rename, Unreachable where the disk does not do its part.
        """
        if self.container:
            self._require_folder(self.container)
        try:
            with locked(self._place.with_name(f".{self._place.name}.lock"), LOCK_TIMEOUT_S):
                yield
        except OSError as error:
            raise unusable(f"router {self.kind}", str(self._place), error) from error

    def _require_folder(self, container: str) -> None:
        """Refuse a switch that Caddy would not see. An engine that does not answer keeps no switch back."""
        with suppress(Unreachable):
            found = inside.found(container, ENGINE_S)
            mounts.path_inside(found, self._place, self._setting)
            if mounts.is_single_file(found, self._place):
                problem = "is mounted as a single file, which follows no rename: mount its folder"
                raise ConfigurationError(file=f"container {container}", key=self._setting, problem=problem)

    def _unreachable(self, why: str) -> Unreachable:
        return Unreachable(what_it_is=f"router {self.kind}", address=str(self._place), why=why)
