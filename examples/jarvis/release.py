"""A release of Jarvis as the Deployments that make it up, good or with something wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from examples.jarvis.kubectl import Manifest

DEPLOY = Path(__file__).parent / "deploy"
IMAGE, CRASH, READINESS, SLOW = "image", "crash", "readiness", "slow"
ERRORS, MIGRATION, INTEGRATION = "errors", "migration", "integration"
FAULTS = (IMAGE, CRASH, READINESS, SLOW, ERRORS, MIGRATION, INTEGRATION)
NEVER_READY = (IMAGE, CRASH, READINESS)
"""With these the rollout stops halfway: Kubernetes lets the old pods go on."""

NEWEST_MIGRATION = "20240117143022_rename_reply"
VERSION_LABEL = "app.kubernetes.io/version"
CHANGE_CAUSE = "kubernetes.io/change-cause"
COLORS = ("blue", "green")


@dataclass(frozen=True)
class Version:
    """What is deployed.

    Attributes:
        name: as Backout and the template's label have it.
        fault: what is wrong with it; empty where nothing is.
    """

    name: str
    fault: str = ""

    @property
    def migrates(self) -> bool:
        """Whether it brings a migration."""
        return self.fault == MIGRATION

    def variables(self) -> dict[str, str]:
        """What differs from the manifest."""
        found = {"FAULT": "none" if self.fault in ("", IMAGE) else self.fault}
        if self.migrates:
            found["NEWEST_MIGRATION"] = NEWEST_MIGRATION
        if self.fault == INTEGRATION:
            found["FEATURE_NEW_INTEGRATION"] = "true"
        return found


@dataclass(frozen=True)
class Release:
    """A version, and where it runs. `image`: of all its pods; `replicas`: of the API."""

    version: Version
    image: str
    replicas: int

    def api(self) -> Manifest:
        """The API in place."""
        return self._of_version(self._api_body())

    def colored(self, color: str) -> Manifest:
        """The API as one of two that stand side by side. Without a fault it has that of its image: `dockerfile` below."""
        body = self._api_body()
        labels = {"app": "jarvis-api-live", "color": color}
        body["metadata"]["name"] = f"jarvis-api-{color}"
        body["spec"]["selector"]["matchLabels"] = labels
        body["spec"]["template"]["metadata"]["labels"] = dict(labels)
        if not self.version.fault:
            [container] = body["spec"]["template"]["spec"]["containers"]
            container["env"] = [one for one in container["env"] if one["name"] != "FAULT"]
        return self._of_version(body)

    def worker(self) -> Manifest:
        """The worker of the same version. What is wrong with a release is wrong with its API."""
        [body] = manifests("worker", self.image)
        return self._labelled(body)

    def migration(self) -> Manifest:
        """A Job that brings the schema to where this version needs it."""
        pod = self.api()["spec"]["template"]["spec"]
        [container] = pod["containers"]
        kept = {key: container[key] for key in ("env", "envFrom", "imagePullPolicy")}
        run = {
            "name": "migrate",
            "image": self.image,
            "command": ["npx", "prisma", "migrate", "deploy"],
            **kept,
        }
        spec = {"restartPolicy": "Never", "automountServiceAccountToken": False, "containers": [run]}
        labels = {"app": "jarvis-migrate", VERSION_LABEL: self.version.name}
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": f"jarvis-migrate-{self.version.name}".replace(".", "-")},
            "spec": {"backoffLimit": 2, "template": {"metadata": {"labels": labels}, "spec": spec}},
        }

    def _api_body(self) -> Manifest:
        [body] = manifests("api", self.image)
        body["spec"]["replicas"] = self.replicas
        return body

    def _of_version(self, body: Manifest) -> Manifest:
        [container] = body["spec"]["template"]["spec"]["containers"]
        changed = self.version.variables()
        for variable in container["env"]:
            if variable["name"] in changed:
                variable["value"] = changed[variable["name"]]
        if self.version.fault == IMAGE:
            container["image"] = f"{_repository(self.image)}:{self.version.name}-never-built"
        return self._labelled(body)

    def _labelled(self, body: Manifest) -> Manifest:
        body["metadata"].setdefault("annotations", {})[CHANGE_CAUSE] = f"deploy {self.version.name}"
        body["spec"]["template"]["metadata"]["labels"][VERSION_LABEL] = self.version.name
        return body


def image_of(image: str, version: str) -> str:
    """A version's own image, beside the one that all share: `jarvis:v1.2.0` beside `jarvis:example`."""
    return f"{_repository(image)}:{version}"


def dockerfile(image: str, version: Version) -> str:
    """A release as an image of its own: `backout deploy` puts it into a colour by its name alone."""
    lines = [f"ENV {name}={value}" for name, value in version.variables().items()]
    return "\n".join([f"FROM {image}", f"LABEL org.opencontainers.image.version={version.name}", *lines, ""])


def _repository(image: str) -> str:
    """Without its tag; a registry may have a port."""
    folder, slash, name = image.rpartition("/")
    return folder + slash + name.partition(":")[0]


def manifests(name: str, image: str) -> list[Manifest]:
    """The objects of `deploy/NAME.yaml`, with this image for all containers."""
    found: list[Manifest] = list(yaml.safe_load_all((DEPLOY / f"{name}.yaml").read_text()))
    for body in found:
        for container in body.get("spec", {}).get("template", {}).get("spec", {}).get("containers", []):
            container["image"] = image
    return found
