"""One container on the Docker engine, as faults need it: its state, files in it, programs in it."""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any

from domain.errors import CommandFailed
from examples.faults.program import ran

_LABEL = "label=com.docker.compose"


class Engine:
    """`said`: a container's name, or `PROJECT/SERVICE` of Compose, on the engine of `DOCKER_HOST`."""

    def __init__(self, said: str) -> None:
        self.said = said

    @cached_property
    def name(self) -> str:
        """What the engine calls it; Compose's names differ between its versions, its labels do not."""
        project, slash, service = self.said.partition("/")
        if not slash:
            return self.said
        labels = [f"--filter={_LABEL}.project={project}", f"--filter={_LABEL}.service={service}"]
        found = ran(["docker", "ps", "--all", "--quiet", *labels]).decode().split()
        return found[0] if found else self.said

    def state(self) -> dict[str, Any] | None:
        """`State` of `docker inspect`; None where there is no such container."""
        try:
            said = ran(["docker", "inspect", "--type", "container", "--format", "{{json .State}}", self.name])
        except CommandFailed as error:
            if "no such" in error.output.lower() or "invalid" in error.output.lower():
                return None
            raise
        found: dict[str, Any] = json.loads(said)
        return found

    def act(self, verb: str, *more: str) -> None:
        """`docker VERB NAME`, with options in between. Raises CommandFailed."""
        ran(["docker", verb, *more, self.name])

    def run(self, *argv: str) -> str:
        """A program in it, as root. Raises CommandFailed."""
        return ran(["docker", "exec", "--user", "0", self.name, *argv]).decode(errors="replace")

    def run_beside(self, *argv: str) -> str:
        """A program of its image on its volumes, without starting it; what it printed. Raises CommandFailed."""
        image = ran(["docker", "inspect", "--type", "container", "--format", "{{.Image}}", self.name])
        own = ["--rm", "--user", "0", "--network", "none", "--volumes-from", self.name]
        program, *arguments = argv
        said = ran(["docker", "run", *own, "--entrypoint", program, image.decode().strip(), *arguments])
        return said.decode(errors="replace")

    def write(self, place: str, text: str) -> None:
        """A file in it, whether it runs or not; every user of it may read it. Raises CommandFailed."""
        with tempfile.TemporaryDirectory(prefix="fault-") as folder:
            file = Path(folder) / Path(place).name
            file.write_text(text)
            file.chmod(0o644)
            ran(["docker", "cp", str(file), f"{self.name}:{place}"])

    def read(self, place: str) -> str:
        """A file in it, whether it runs or not; empty where there is none."""
        try:
            packed = ran(["docker", "cp", f"{self.name}:{place}", "-"])
        except CommandFailed:
            return ""
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            file = archive.extractfile(archive.getmembers()[0])
            return file.read().decode(errors="replace") if file else ""
