"""What every migration adapter promises. Its shared suite: `tests/blocks/migrations/contract.py`."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from blocks.adapter import Adapter
from blocks.placeholders import filled, placeholders
from blocks.postgres.server import Server
from domain.database.migration import SchemaStatus, Step
from domain.errors import ConfigurationError
from domain.names import version_name

OnStep = Callable[[Step], None]


class Migrations(Adapter):
    """What brings an application's schema from one version to another.

    `database`: another database of the same server, such as a clone; by default the application's. `release`: the
    release whose files hold the steps, for settings with `{release}`: only the release that brought a migration knows
    its way down. All raise DatabaseUnreachable, and ConfigurationError where a setting cannot be used.
    """

    family: ClassVar[str] = "migrations"

    @property
    def version_query(self) -> str | None:
        """SQL whose first column holds the applied versions, where that is no table as most tools have it; else None."""
        return None

    @property
    def of_release(self) -> bool:
        """Whether the steps run from one release's own image, which its platform may have to build first."""
        return False

    @abstractmethod
    def status(
        self, server: Server, database: str | None = None, *, release: str | None = None
    ) -> SchemaStatus:
        """What is applied and what is pending. Changes nothing, and waits for no migration that runs."""

    @abstractmethod
    def plan_down(
        self, server: Server, to: str | None, database: str | None = None, release: str | None = None
    ) -> list[Step]:
        """The steps to a version that is applied, newest first; to None: all. Changes nothing.

        Raises:
            UnknownVersion: `to` is not applied.
            NoDownStep: a step is missing, and where it was looked for.
            SchemaDirty: an earlier migration broke off.
        """

    @abstractmethod
    def down(
        self,
        server: Server,
        to: str | None,
        database: str | None = None,
        release: str | None = None,
        on_step: OnStep | None = None,
    ) -> list[str]:
        """Do what `plan_down` says; the versions undone, newest first. `on_step` is told each step that is done.

        A step and its record are one transaction, unless the step's file or tool says otherwise. When it is killed and
        called again, it goes on where it was.

        Raises:
            MigrationRunning: somebody else migrates this database; nothing was changed.
            StepFailed: with what is applied now; the steps before it stay done.
        """

    @abstractmethod
    def up(
        self, server: Server, to: str | None = None, database: str | None = None, release: str | None = None
    ) -> list[str]:
        """Apply what is pending, up to and with a version; the versions applied, oldest first. Raises as `down`."""


def with_release(setting: Any, release: str | None, key: str) -> Any:
    """A setting with its `{release}` filled in; other words in braces stay. Raises ConfigurationError where none is known."""
    if "release" not in placeholders(setting):
        return setting
    try:
        name = version_name(release or "")
    except ValueError as error:
        said = f"holds {{release}}, and no release is known here ({error})"
        raise ConfigurationError("backout.yaml", f"migrations.{key}", said) from None
    others = {word: f"{{{word}}}" for word in placeholders(setting)}
    return filled(setting, {**others, "release": name})
