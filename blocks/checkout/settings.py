"""What `backout.yaml` says of a checkout."""

from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from blocks.compose_program import ComposeProject
from blocks.fields import BaseUrl
from blocks.platforms.contract import InPlace

CONFIG = "config"
FLAG = "flag:"

ServiceName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]*$")]
"""A service's name: it can never be taken for an option."""

Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


def _below(path: Path) -> Path:
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError("must be a path below the checkout's folder, without ..")
    return path


def _names_a_component(name: str) -> str:
    if name == CONFIG:
        raise ValueError(
            f"no component can be called {CONFIG}: that is what `--only` calls the configuration"
        )
    return name


Below = Annotated[Path, AfterValidator(_below)]
"""A path inside the work tree."""


class Component(BaseModel):
    """A service that is built from a folder of the checkout."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Below = Field(description="Its folder in the repository: `apps/backend`.")
    service: ServiceName | None = Field(
        default=None, description="Its service in the Compose file; by default the component's name."
    )

    @property
    def folder(self) -> str:
        """`path` as git writes it."""
        return str(PurePosixPath(self.path))


class Flag(BaseModel):
    """A feature that a variable of `.env` turns on and off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    variable: Variable = Field(description="The variable.")
    off: str = Field(default="false", pattern=r"^[^\n]*$", description="Its value where the feature is off.")
    on: str = Field(
        default="true",
        pattern=r"^[^\n]*$",
        description="Its value where it is on, if no copy of `.env` tells it.",
    )


class CheckoutSettings(InPlace):
    """The settings of the platform `checkout`, which its parts share."""

    model_config = ConfigDict(serialize_by_alias=True)

    project: ComposeProject = Field(description="The Compose project; `folder` is the git work tree's.")
    public_address: BaseUrl = Field(
        alias="address", description="Base URL that users reach the application at."
    )
    components: dict[Annotated[ServiceName, AfterValidator(_names_a_component)], Component] = Field(
        min_length=1,
        description="Component -> its folder; what is built from the checkout, and can go back alone.",
    )
    flags: dict[ServiceName, Flag] = Field(
        default_factory=dict, description="Feature -> the variable that turns it off."
    )
    env_file: Below = Field(
        default=Path(".env"), description="The file of variables, which git does not keep; below `folder`."
    )
    required: list[Variable] = Field(
        default_factory=list, description="Keys that `env_file` must hold before anything is stopped."
    )
    keep_running: list[ServiceName] = Field(
        default_factory=list,
        description="Services that are not stopped for the switch, such as the database; by default all are.",
    )
    log_folder: Below | None = Field(
        default=None, description="Folder of log files below `folder`; their last lines go into the evidence."
    )
    drain_s: float = Field(
        default=30.0, ge=0, le=600, description="Seconds that services have to end by themselves."
    )
    start_timeout_s: float = Field(
        default=120.0, gt=0, description="Seconds until all services must run and be healthy."
    )
    build_timeout_s: float = Field(
        default=1800.0, gt=0, description="Seconds that building, or pulling, a release's images may take."
    )

    @property
    def address(self) -> str:
        """Where users reach it."""
        return self.public_address

    @property
    def services(self) -> list[str]:
        """The components' services."""
        return [component.service or name for name, component in self.components.items()]
