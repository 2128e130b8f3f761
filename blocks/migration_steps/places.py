"""Where a command runs: in a container, in one of its own from an image, a service of Docker Compose, or a pod; else on this host."""

from abc import abstractmethod
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from blocks.fields import AbsolutePath

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9{][A-Za-z0-9_.{}/-]*$")]
"""Never begins with a dash: it would be taken for an option. May hold `{release}`."""

ImageName = Annotated[str, Field(pattern=r"^[A-Za-z0-9{][A-Za-z0-9_.{}/:@-]*$")]
"""The same of an image, with its registry and tag or digest."""

READS_ADDRESS = """IFS= read -r value && export "$1=$value" && shift || exit
exec 3<&0
"$@" </dev/null 3<&- &
tool=$!
{ read -r _ <&3; kill "$tool"; } 2>/dev/null &
watch=$!
wait "$tool"
code=$?
kill "$watch" 2>/dev/null
exit "$code\""""
"""Fixed text for the place's own `sh`; the command's arguments follow as they are, and no shell reads them.

The tool is ended where its input ends before it: the client that ran it is gone, and with it the lock that it held.
"""

OF_CLIENTS = (
    *(
        "KUBECONFIG",
        "DOCKER_HOST",
        "DOCKER_CONTEXT",
        "DOCKER_CONFIG",
        "DOCKER_TLS_VERIFY",
        "DOCKER_CERT_PATH",
    ),
    *("COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "COMPOSE_ENV_FILES"),
)
"""Variables of ours by which a client finds its engine or cluster; nothing of them reaches the place."""


class Place(BaseModel):
    """A place that has a standard input."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @abstractmethod
    def argv(self) -> list[str]:
        """What the command's own arguments follow."""

    def inside(self, command: list[str], variable: str | None) -> list[str]:
        """The whole command. With a variable, the first line of its standard input is that variable's value there.

        So an address with a password is in no argument list, neither here nor there.
        """
        reads = ["sh", "-c", READS_ADDRESS, "backout", variable] if variable else []
        return [*self.argv(), *reads, *command]


class InContainer(Place):
    """A container of Docker, by name or id."""

    kind: Literal["container"]
    name: Name = Field(description="The container; may hold `{release}`.")
    docker: list[str] = Field(default=["docker"], min_length=1, description="The client and its own options.")

    def argv(self) -> list[str]:
        return [*self.docker, "exec", "--interactive", self.name]


class InImage(Place):
    """A container of its own, made for the command from an image that is here, and gone after it.

    For a release that does not serve yet, or does not run any more: its image holds its own tool and steps.
    """

    kind: Literal["image"]
    name: ImageName = Field(description="The image, with its tag; may hold `{release}`. It is never pulled.")
    network: Name | None = Field(
        default=None, description="The Docker network in which the database is; by default Docker's own."
    )
    env_file: AbsolutePath | None = Field(
        default=None, description="A file of variables that the tool needs beside the database's address."
    )
    docker: list[str] = Field(default=["docker"], min_length=1, description="The client and its own options.")

    def argv(self) -> list[str]:
        network = [f"--network={self.network}"] if self.network else []
        env_file = [f"--env-file={self.env_file}"] if self.env_file else []
        # No entry point: what the image does first for its service is not the tool's business, as with `docker exec`.
        fixed = ["--interactive", "--rm", "--pull=never", "--entrypoint="]
        return [*self.docker, "run", *fixed, *network, *env_file, self.name]


class InService(Place):
    """A running service of Docker Compose."""

    kind: Literal["compose"]
    service: Name = Field(description="The service.")
    file: AbsolutePath | None = Field(default=None, description="The Compose file; may hold `{release}`.")
    project: Name | None = Field(default=None, description="The project, where it is not the folder's name.")
    compose: list[str] = Field(
        default=["docker", "compose"],
        min_length=1,
        description="The client; `[docker-compose]` is the old one.",
    )

    def argv(self) -> list[str]:
        file = ["--file", str(self.file)] if self.file else []
        project = ["--project-name", self.project] if self.project else []
        return [*self.compose, *file, *project, "exec", "-T", self.service]


class InPod(Place):
    """A pod of Kubernetes."""

    kind: Literal["pod"]
    name: Name = Field(description="A pod, or `deployment/NAME` for one of its pods; may hold `{release}`.")
    namespace: Name | None = Field(default=None, description="Its namespace; by default the context's.")
    container: Name | None = Field(default=None, description="Its container; by default the pod's first.")
    kubectl: list[str] = Field(
        default=["kubectl"], min_length=1, description="The client and its own options, such as `--context`."
    )

    def argv(self) -> list[str]:
        namespace = ["--namespace", self.namespace] if self.namespace else []
        container = ["--container", self.container] if self.container else []
        return [*self.kubectl, "exec", "--stdin", *namespace, *container, self.name, "--"]


AnyPlace = Annotated[InContainer | InImage | InService | InPod, Field(discriminator="kind")]
