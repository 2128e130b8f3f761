"""`command`: the application's own migration tool, such as `npm run migrate:down`."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator

from blocks.fields import AbsolutePath
from blocks.migration_steps.lock import only_migration
from blocks.migration_steps.places import AnyPlace, InImage
from blocks.migration_steps.tool import StatusPatterns, Tool, version_pattern
from blocks.migration_steps.tool_run import Commands, ToolRun
from blocks.migrations.contract import Migrations, OnStep, with_release
from blocks.placeholders import placeholders
from blocks.postgres.server import Connection, Server
from domain.database.migration import SchemaStatus, Step
from domain.errors import ConfigurationError
from domain.names import image_tag

Pattern = Annotated[str, AfterValidator(version_pattern)]
Argv = Annotated[list[str], Field(min_length=1)]


class CommandMigrations(Migrations):
    """Runs argument lists, not through a shell. `{release}`, `{version}` and `{database}` in them are filled in.

    What is applied is read from what `status_command` prints, or by `applied_query`. Whether a step is one transaction is
    the tool's business; the status is read after each. A tool is let at a clone only if it takes its address from
    `url_variable`: it is first seen to fail with the address of a database that does not exist.
    """

    kind: Literal["command"] = "command"
    status_command: Argv | None = Field(default=None, description="Prints what is applied and pending.")
    down_command: Argv | None = Field(
        default=None,
        description="Undoes the newest migration; with `{version}` in it, all after that version at once.",
    )
    up_command: Argv | None = Field(
        default=None, description="Applies all that is pending; with `{version}` in it, up to that version."
    )
    applied_pattern: Pattern | None = Field(
        default=None,
        description="Regular expression, line by line; its group is an applied version in the status.",
    )
    pending_pattern: Pattern | None = Field(default=None, description="The same for a pending version.")
    dirty_pattern: Pattern | None = Field(default=None, description="The same for one that broke off.")
    applied_query: str | None = Field(
        default=None,
        description="SQL whose first column holds the applied versions, for tools that do not print them.",
    )
    status_codes: list[int] = Field(
        default=[0], description="Exit codes of a good status; Prisma's is 1 where some are pending."
    )
    nothing: str = Field(default="0", description="What `{version}` is where all is undone.")
    place: AnyPlace | None = Field(
        default=None,
        description="Where they run: `{kind: container, name}`, `{kind: image, name, network}`,"
        " `{kind: compose, service, file, project}` or `{kind: pod, name, namespace, container}`; by default this host.",
    )
    cwd: AbsolutePath | None = Field(
        default=None, description="Folder on this host they run in; may hold `{release}`."
    )
    env: dict[str, SecretStr] = Field(
        default_factory=dict, description="Variable -> value on this host, beside PATH, HOME and the like."
    )
    url_variable: str | None = Field(
        default="DATABASE_URL",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="The variable that gets the database's address; null: the tool has an address of its own.",
    )
    url_scheme: str = Field(default="postgresql", pattern=r"^[a-z0-9+]+$", description="How it begins.")
    url: SecretStr | None = Field(
        default=None,
        description="The address as seen from where the commands run, if it differs; the database is put in.",
    )
    timeout_s: float = Field(default=900.0, gt=0, description="Seconds for one command; then it is killed.")

    @model_validator(mode="after")
    def _has_a_status(self) -> Self:
        if (self.applied_pattern is None) == (self.applied_query is None):
            raise ValueError("applied_pattern or applied_query is needed, and not both")
        patterns = (self.applied_pattern, self.pending_pattern, self.dirty_pattern)
        if self.status_command is None and any(patterns):
            raise ValueError("status_command is needed: a pattern reads what it prints")
        return self

    @property
    def version_query(self) -> str | None:
        """What is told by `applied_query`."""
        return self.applied_query

    @property
    def of_release(self) -> bool:
        """Where the place is an image with `{release}` in its name."""
        return isinstance(self.place, InImage) and "release" in placeholders(self.place.name)

    def status(
        self, server: Server, database: str | None = None, *, release: str | None = None
    ) -> SchemaStatus:
        """As the tool, or its table, says it."""
        return self._run(server, database, release).status()

    def plan_down(
        self, server: Server, to: str | None, database: str | None = None, release: str | None = None
    ) -> list[Step]:
        """The versions and the command; what SQL the tool runs is not known."""
        run = self._run(server, database, release)
        return run.downs(run.clean_status(), to)

    def down(
        self,
        server: Server,
        to: str | None,
        database: str | None = None,
        release: str | None = None,
        on_step: OnStep | None = None,
    ) -> list[str]:
        """One command a version, or one for all."""
        with only_migration(server, database) as holder:
            return self._run(server, database, release, holder).down(to, on_step)

    def up(
        self, server: Server, to: str | None = None, database: str | None = None, release: str | None = None
    ) -> list[str]:
        """One command for all that is pending, or up to a version."""
        with only_migration(server, database) as holder:
            return self._run(server, database, release, holder).up(to)

    def _run(
        self, server: Server, database: str | None, release: str | None, holder: Connection | None = None
    ) -> ToolRun:
        commands = Commands(
            status=with_release(self.status_command, release, "status_command"),
            down=with_release(self.down_command, release, "down_command"),
            up=with_release(self.up_command, release, "up_command"),
            patterns=StatusPatterns(self.applied_pattern, self.pending_pattern, self.dirty_pattern),
            query=self.applied_query,
            codes=self.status_codes,
            nothing=self.nothing,
        )
        run = ToolRun(self._tool(server, release), commands, server, database or server.database, holder)
        run.refuse_a_tool_that_would_go_elsewhere()
        return run

    def _tool(self, server: Server, release: str | None) -> Tool:
        filled = self._of(release)
        return Tool(
            place=filled.place,
            cwd=filled.cwd,
            env=self.env,
            variable=self.url_variable,
            address=server.seen_from(self.url) if self.url else server.owner_url,
            scheme=self.url_scheme,
            timeout_s=self.timeout_s,
        )

    def _of(self, release: str | None) -> Self:
        """With the release in its place and folder; in an image's name as a tag can be. Raises ConfigurationError."""
        settings = self.model_dump(include={"place", "cwd"}, mode="json")
        if isinstance(self.place, InImage):
            tag = image_tag(release) if release else release
            settings["place"]["name"] = with_release(self.place.name, tag, "place")
        held = with_release(settings, release, "place")
        try:
            return self.model_validate({**self.model_dump(), **held})
        except ValidationError as error:
            said = f"cannot be filled in with release {release}: {error.errors()[0]['msg']}"
            raise ConfigurationError("backout.yaml", "migrations.place", said) from None
