"""What the Compose file calls the release of a service that has no container yet."""

from collections.abc import Mapping, Sequence
from typing import Any

from blocks.containers.container import names_of, variables


def names(client: Any, document: Mapping[str, Any], service: str) -> list[str]:
    """The names of its release, as `Container.names` gives them for a container; empty where it cannot be told.

    Args:
        client: what `engine` gives.
        document: what `compose config` printed, read.
        service: the service's name.
    """
    entry = document.get("services", {}).get(service)
    if not entry:
        return []
    found = _image(client, entry.get("image", ""))
    labels = {**(found.get("Config", {}).get("Labels") or {}), **_pairs(entry.get("labels"))}
    env = {**variables(found.get("Config", {}).get("Env")), **_pairs(entry.get("environment"))}
    return names_of(entry.get("image", ""), found.get("Id", ""), env, labels)


def lacking(client: Any, document: Mapping[str, Any], services: Sequence[str]) -> str:
    """The services' images that the engine does not have; empty where it has all. One that names no image cannot be told."""
    entries = document.get("services", {})
    images = {service: entries.get(service, {}).get("image", "") for service in services}
    gone = [
        f"image {image} of {service}"
        for service, image in images.items()
        if image and not _image(client, image)
    ]
    return f"{', '.join(gone)} is not on this host" if gone else ""


def _image(client: Any, image: str) -> dict[str, Any]:
    from docker.errors import ImageNotFound

    try:
        found: dict[str, Any] = client.api.inspect_image(image) if image else {}
    except ImageNotFound:
        return {}
    return found


def _pairs(told: Any) -> dict[str, str]:
    """Variables and labels are a mapping or a list, as the file has them."""
    if isinstance(told, Mapping):
        return {str(name): str(value) for name, value in told.items() if value is not None}
    return variables(told)
