"""A release's images: named by its commit, built beside what serves, and used again for as long as they are here."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from blocks.compose_program import ComposeProject, program
from blocks.containers.container import PROJECT, Container
from blocks.containers.engine import engine

REVISION = "org.opencontainers.image.revision"
"""The label that says which commit an image was built from, as the Open Container Initiative names it."""

COMMIT = re.compile(r"[0-9a-f]{40,64}")


class Recipe(BaseModel):
    """What a release's Compose files ask for.

    Attributes:
        built: service -> the name Compose gives the image that it builds for it.
        pulled: service -> the image that is not built here.
    """

    model_config = ConfigDict(frozen=True)

    built: dict[str, str]
    pulled: dict[str, str]


class Images:
    """The images of one Compose project."""

    def __init__(self, project: ComposeProject) -> None:
        self._project = project

    def name(self, service: str, commit: str) -> str:
        """What the service's image of a commit is called here: `aldeia-backend:COMMIT`."""
        return f"{self._project.name}-{service}:{commit}"

    def recipe(self, tree: Path) -> Recipe:
        """What the files in this folder ask for. Raises CommandFailed where Compose cannot read them."""
        services: dict[str, dict[str, Any]] = self._of(tree).rendered().get("services") or {}
        # The two programs name what they build differently.
        joint = "-" if program()[0] == "docker" else "_"
        built = {
            name: service.get("image") or f"{self._project.name}{joint}{name}"
            for name, service in services.items()
            if "build" in service
        }
        pulled = {name: service["image"] for name, service in services.items() if name not in built}
        return Recipe(built=built, pulled=pulled)

    def absent(self, names: Sequence[str]) -> list[str]:
        """Those of these images that are not on this host. Raises EngineUnavailable."""
        with engine() as client:
            return [name for name in names if not _is_here(client, name)]

    def keep(self, images: Mapping[str, str], commit: str) -> None:
        """Name images by a commit where none is called so yet. `images`: service -> image id. Raises EngineUnavailable."""
        with engine() as client:
            for service, image in images.items():
                if not _is_here(client, self.name(service, commit)):
                    client.images.get(image).tag(f"{self._project.name}-{service}", commit)

    def of(self, services: Iterable[str], commit: str) -> dict[str, str]:
        """Service -> the id of its image of this commit, for those that are here. Raises EngineUnavailable."""
        from docker.errors import ImageNotFound

        found = {}
        with engine() as client:
            for service in services:
                with suppress(ImageNotFound):
                    found[service] = str(client.images.get(self.name(service, commit)).id)
        return found

    def point(self, built: Mapping[str, str], images: Mapping[str, str]) -> None:
        """Give the images the names that Compose starts the services by. Raises EngineUnavailable.

        Args:
            built: service -> that name.
            images: service -> the image's id.
        """
        with engine() as client:
            for service, name in built.items():
                repository, tag = _split(name)
                client.images.get(images[service]).tag(repository, tag)

    def build(
        self, tree: Path, services: Sequence[str], commit: str, override: Path, timeout_s: float
    ) -> None:
        """Build the services' images from the files in `tree`, under the commit's name. Raises CommandFailed.

        `override`: where the file is written that tells Compose these names.
        """
        override.write_text(yaml.safe_dump(self._override(tree, services, commit)))
        project = self._of(tree)
        files = project.model_copy(update={"files": [*project.files, override]})
        files.run("build", *services, timeout_s=timeout_s)

    def pull(self, tree: Path, services: Sequence[str], timeout_s: float) -> None:
        """Fetch the images that are not built here. Raises CommandFailed."""
        self._of(tree).run("pull", *services, timeout_s=timeout_s)

    def _of(self, tree: Path) -> ComposeProject:
        return self._project.model_copy(update={"folder": tree})

    def _override(self, tree: Path, services: Sequence[str], commit: str) -> dict[str, Any]:
        named = {
            service: {"image": self.name(service, commit), "build": {"labels": {REVISION: commit}}}
            for service in services
        }
        # The old program wants the same version in all files.
        first: dict[str, Any] = yaml.safe_load((tree / self._project.files[0]).read_text())
        version = {"version": first["version"]} if "version" in first else {}
        return {**version, "services": named}


def _is_here(client: Any, name: str) -> bool:
    from docker.errors import ImageNotFound

    try:
        client.images.get(name)
    except ImageNotFound:
        return False
    return True


def _split(name: str) -> tuple[str, str]:
    """Repository and tag of an image's name; the colon before a registry's port is no tag's."""
    folder, slash, last = name.rpartition("/")
    repository, _colon, tag = last.partition(":")
    return f"{folder}{slash}{repository}", tag or "latest"


def whole_name(name: str) -> str:
    """An image's name with its tag, which is `latest` where none is said."""
    return ":".join(_split(name))


def commits_of(client: Any, container: Container) -> frozenset[str]:
    """The commits that a container's image was built from: its label's, else those that this project calls it by."""
    if label := container.labels.get(REVISION):
        return frozenset({label})
    from docker.errors import ImageNotFound

    try:
        tags: list[str] = client.api.inspect_image(container.image_id).get("RepoTags") or []
    except ImageNotFound:
        return frozenset()
    # The same image can have names of other projects.
    ours = f"{container.labels.get(PROJECT)}-{container.service}"
    names = (_split(name) for name in tags)
    return frozenset(tag for repository, tag in names if repository == ours and COMMIT.fullmatch(tag))
