"""The image that pods of tests run: `application.py` on the base image."""

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker import DockerClient

APPLICATION = Path(__file__).with_name("application.py")
REPOSITORY = "backout-test-application"
PORT = 8080
DOCKERFILE = """
ARG BASE
FROM ${BASE}
LABEL backout.test=kubernetes
COPY application.py /application.py
CMD ["python3", "-u", "/application.py"]
"""


def built(engine: "DockerClient", base: str) -> str:
    """Its name. Named by what is in it, so that it is built once and runs may share it."""
    content = (base + DOCKERFILE).encode() + APPLICATION.read_bytes()
    name = f"{REPOSITORY}:{hashlib.sha256(content).hexdigest()[:12]}"
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(APPLICATION, folder)
        Path(folder, "Dockerfile").write_text(DOCKERFILE)
        engine.images.build(path=folder, tag=name, buildargs={"BASE": base}, rm=True)
    return name
