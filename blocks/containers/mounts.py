"""Files of this host as a container sees them."""

import os
from pathlib import Path

from blocks.containers.container import Container
from blocks.files import replace_file
from domain.errors import ConfigurationError


def path_inside(container: Container, path: Path, key: str) -> Path:
    """Where the container sees this host's file.

    Args:
        container: which.
        path: the file, on this host.
        key: the setting that names it, for the error.

    Raises:
        ConfigurationError: the container does not see it.
    """
    source = _mount_of(container, path)
    if source is None:
        raise ConfigurationError(
            file=f"container {container.name}",
            key=key,
            problem=f"does not see {path}: no folder of this host that holds it is mounted there",
            allowed=sorted(str(mount) for mount in container.mounts),
        )
    inside = container.mounts[source]
    rest = path.resolve().relative_to(source.resolve())
    return inside / rest if rest.parts else inside


def is_single_file(container: Container, path: Path) -> bool:
    """Whether the file itself is mounted, not a folder: then a rename on this host is not seen in the container."""
    source = _mount_of(container, path)
    return source is not None and source.resolve() == path.resolve()


def put(container: Container, path: Path, data: bytes) -> None:
    """Replace what the file holds so that the container sees it: by a rename, or in place where the file itself is mounted.

    In place, a reader can see a part of it for an instant. Raises OSError.
    """
    if not is_single_file(container, path):
        replace_file(path, data)
        return
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def _mount_of(container: Container, path: Path) -> Path | None:
    """The nearest mount that the file is in, as this host names it."""
    real = path.resolve()
    holding = [source for source in container.mounts if real.is_relative_to(source.resolve())]
    return max(holding, key=lambda source: len(source.resolve().parts), default=None)
