"""`alembic`: revisions of Alembic, run by its library in the interpreter that has the application's packages."""

import json
import sys
from pathlib import Path
from typing import Any, Literal

from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, SecretStr

from blocks.fields import AbsolutePath
from blocks.migration_steps import alembic_driver
from blocks.migration_steps.address import as_url
from blocks.migration_steps.alembic_events import Events
from blocks.migration_steps.child import Child
from blocks.migration_steps.lock import KEY, only_migration
from blocks.migrations.contract import Migrations, OnStep, with_release
from blocks.postgres.server import Connection, Server
from domain.database.migration import SchemaStatus, Step
from domain.errors import StepFailed


class AlembicMigrations(Migrations):
    """Alembic's revisions. `env.py` gets the address as `sqlalchemy.url` and as a variable; one that connects elsewhere is refused.

    Each step is a run of `env.py`, in one transaction with its record, unless it opens an `autocommit_block`. Paths may
    hold `{release}`.
    """

    kind: Literal["alembic"] = "alembic"
    config: AbsolutePath = Field(description="The `alembic.ini`; relative paths in it start at its folder.")
    section: str = Field(default="alembic", description="Its section.")
    script_location: AbsolutePath | None = Field(
        default=None, description="The folder of `env.py`; by default what the file says."
    )
    python: AbsolutePath | None = Field(
        default=None,
        description="The interpreter that has Alembic and what `env.py` imports; by default the one Backout runs in.",
    )
    url_scheme: str = Field(
        default="postgresql+psycopg",
        pattern=r"^[a-z0-9+]+$",
        description="How the address begins: SQLAlchemy's driver.",
    )
    url_variable: str = Field(
        default="DATABASE_URL", pattern=r"^[A-Z_][A-Z0-9_]*$", description="The variable with the address."
    )
    env: dict[str, SecretStr] = Field(
        default_factory=dict, description="Variable -> value, beside PATH, HOME and the like."
    )
    timeout_s: float = Field(default=3600.0, gt=0, description="Seconds for all steps; then it is killed.")

    def status(
        self, server: Server, database: str | None = None, *, release: str | None = None
    ) -> SchemaStatus:
        """What is applied, with all that its revisions stand on."""
        return self._order("status", server, database, release).status()

    def plan_down(
        self, server: Server, to: str | None, database: str | None = None, release: str | None = None
    ) -> list[Step]:
        """The steps, with their SQL as Alembic's offline mode writes it; without, where a step asks the database."""
        return self._order("plan", server, database, release, to=to).steps

    def down(
        self,
        server: Server,
        to: str | None,
        database: str | None = None,
        release: str | None = None,
        on_step: OnStep | None = None,
    ) -> list[str]:
        """Step by step."""
        return self._migrate("down", server, database, release, to, on_step)

    def up(
        self, server: Server, to: str | None = None, database: str | None = None, release: str | None = None
    ) -> list[str]:
        """Step by step, to all heads."""
        return self._migrate("up", server, database, release, to, None)

    def _migrate(
        self,
        action: Literal["up", "down"],
        server: Server,
        database: str | None,
        release: str | None,
        to: str | None,
        on_step: OnStep | None,
    ) -> list[str]:
        with only_migration(server, database) as holder:
            try:
                done = self._order(action, server, database, release, to=to, holder=holder, on_step=on_step)
            except StepFailed as failed:
                applied = self.status(server, database, release=release).applied
                left = f"{failed.left}; applied now: {', '.join(applied) or 'nothing'}"
                raise StepFailed(failed.version, failed.direction, failed.why, left) from None
        return [step.version for step in done.steps]

    def _order(  # noqa: PLR0913 - one place makes the order
        self,
        action: str,
        server: Server,
        database: str | None,
        release: str | None,
        *,
        to: str | None = None,
        holder: Connection | None = None,
        on_step: OnStep | None = None,
    ) -> Events:
        url = as_url(server.address(database), self.url_scheme)
        config = self._path("config", release)
        order = {
            "action": action,
            "config": config,
            "section": self.section,
            "script_location": self._path("script_location", release),
            "url": url.get_secret_value(),
            "variable": self.url_variable,
            "database": database or server.database,
            "lock": KEY if holder else None,
            "to": to,
        }
        child = self._child(order, Path(config or "/").parent, release, holder, (url, server.owner_url))
        events = Events(child, on_step)
        events.finish(child.run(events.take))
        return events

    def _child(
        self,
        order: dict[str, Any],
        cwd: Path,
        release: str | None,
        holder: Connection | None,
        urls: tuple[SecretStr, ...],
    ) -> Child:
        return Child(
            argv=[self._path("python", release) or sys.executable, alembic_driver.__file__],
            cwd=cwd,
            env={name: value.get_secret_value() for name, value in self.env.items()},
            given=json.dumps(order) + "\n",
            timeout_s=self.timeout_s,
            holder=holder,
            secrets=[*self.env.values(), *urls, *_passwords(urls)],
        )

    def _path(self, key: str, release: str | None) -> str | None:
        value = getattr(self, key)
        return None if value is None else str(with_release(str(value), release, key))


def _passwords(urls: tuple[SecretStr, ...]) -> list[SecretStr]:
    found = [conninfo_to_dict(url.get_secret_value()).get("password") for url in urls[1:]]
    return [SecretStr(str(password)) for password in found if password]
