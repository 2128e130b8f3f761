"""Jarvis in a namespace: its objects, where users and Backout reach it, and how it is removed."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx

from domain.errors import CommandFailed
from examples.demo.waiting import wait_until
from examples.jarvis.account import write_kubeconfig
from examples.jarvis.kubectl import Kubectl
from examples.jarvis.release import COLORS, Release, Version, dockerfile, image_of, manifests

FOLDER = Path(__file__).parent
BASE = "debian:bookworm-slim"
IMAGE = "jarvis:example"
REPLICAS = 3
OLD, NEW = Version("v1.0.0"), Version("v1.1.0")
ANSWERS_S = 120.0


def build_image(base: str = BASE, name: str = IMAGE) -> str:
    """Build the one image; its name. A no-op where nothing changed: Docker keeps the layers. Raises CommandFailed."""
    argv = [
        "docker",
        "build",
        "--quiet",
        "--build-arg",
        f"BASE={base}",
        "--tag",
        name,
        str(FOLDER / "application"),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CommandFailed(argv=argv, exit_code_seen=done.returncode, output=done.stderr)
    return name


def build_version(image: str, version: Version) -> str:
    """Build a release's own image on the one that all share; its name. Raises CommandFailed."""
    name = image_of(image, version.name)
    argv = ["docker", "build", "--quiet", "--tag", name, "-"]
    done = subprocess.run(argv, input=dockerfile(image, version), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CommandFailed(argv=argv, exit_code_seen=done.returncode, output=done.stderr)
    return name


class Stack:
    """One Jarvis. `settings`: what is its own, kept in `folder` for the next command."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.folder = folder
        self.settings = settings
        self.kubectl = Kubectl(Path(settings["kubeconfig"]), settings["namespace"])

    @classmethod
    def new(cls, folder: Path, namespace: str, image: str, **more: Any) -> Stack:
        """One that nothing is there of yet. `more`: `replicas`, and `host`, where the cluster's node ports answer."""
        folder.mkdir(parents=True, exist_ok=True)
        own = {
            "namespace": namespace,
            "image": image,
            "kubeconfig": os.environ.get("KUBECONFIG") or str(Path.home() / ".kube/config"),
            "password": secrets.token_urlsafe(24),
            "replicas": REPLICAS,
        }
        return cls(folder, {**own, **more})

    @classmethod
    def attach(cls, folder: Path) -> Stack:
        """The one that was started from this folder. Raises FileNotFoundError."""
        return cls(folder, json.loads((folder / "settings.json").read_text()))

    @property
    def kubeconfig(self) -> Path:
        """Backout's: it may do what `deploy/backout-role.yaml` says, and nothing more."""
        return self.folder / "backout.kubeconfig"

    @property
    def address(self) -> str:
        """Where users reach the API that is deployed in place."""
        return f"http://{self._at('jarvis-api')}"

    @property
    def live_address(self) -> str:
        """Where they reach the blue/green one."""
        return f"http://{self._at('jarvis-api-live')}"

    def variables(self) -> dict[str, str]:
        """What `backout.yaml` refers to; KUBECONFIG is for kubectl, which runs the database's programs."""
        found = {
            "KUBECONFIG": str(self.kubeconfig),
            "JARVIS_KUBECONFIG": str(self.kubeconfig),
            "JARVIS_TEAM_KUBECONFIG": str(self.kubectl.kubeconfig),
            "JARVIS_IMAGE": image_of(self.settings["image"], "{release}"),
            "JARVIS_NAMESPACE": self.kubectl.namespace,
            "JARVIS_ADDRESS": self.address,
            "JARVIS_SCRIPTS": str(FOLDER / "scripts"),
            "JARVIS_FOLDER": str(self.folder),
            "JARVIS_DATABASE_URL": f"postgresql://jarvis:{self.settings['password']}@{self._at('jarvis-postgres')}/jarvis_production",
        }
        if "jarvis-api-live" in self.settings["ports"]:
            found["JARVIS_LIVE_ADDRESS"] = self.live_address
            found["JARVIS_BLUE_ADDRESS"] = f"http://{self._at('jarvis-api-blue')}"
            found["JARVIS_GREEN_ADDRESS"] = f"http://{self._at('jarvis-api-green')}"
        return found

    def release(self, version: Version) -> Release:
        """A version as it runs here."""
        return Release(version, self.settings["image"], self.settings["replicas"])

    def lay_out(self) -> Stack:
        """Backout's account, configuration, Services and the database: from then on all addresses are known."""
        image = self.settings["image"]
        found = manifests("backout-role", image) + manifests("config", image) + manifests("service", image)
        self.kubectl.apply([*found, *self._backing()])
        self._keep_ports("jarvis-api", "jarvis-postgres")
        write_kubeconfig(self.kubectl, self.kubeconfig)
        return self

    def start(self) -> Stack:
        """v1.0.0, then v1.1.0, so that there is a release to go back to."""
        self.kubectl.rolled_out("jarvis-postgres")
        self.migrate(OLD)
        for version in (OLD, NEW):
            self.deploy(version)
        wait_until(self.answers, "Jarvis to answer", ANSWERS_S)
        return self

    def start_blue_green(self) -> Stack:
        """v1.1.0 in blue, which has the traffic, and v1.0.0 in green."""
        old, new = self.release(OLD), self.release(NEW)
        self.kubectl.apply([*manifests("blue-green", ""), new.colored("blue"), old.colored("green")])
        self._keep_ports("jarvis-api-live", "jarvis-api-blue", "jarvis-api-green")
        for color in COLORS:
            self.kubectl.rolled_out(f"jarvis-api-{color}")
        return self

    def deploy(self, version: Version, *, wait: bool = True) -> None:
        """API and worker, as a team's CI does it."""
        release = self.release(version)
        self.kubectl.apply([release.api(), release.worker()])
        if wait:
            for name in ("jarvis-api", "jarvis-worker"):
                self.kubectl.rolled_out(name)

    def migrate(self, version: Version) -> None:
        """Bring the schema to where a version needs it, as its CI does before it deploys it."""
        job = self.release(version).migration()
        name = job["metadata"]["name"]
        self.kubectl.run("delete", "job", name, "--ignore-not-found")
        self.kubectl.apply([job])
        self.kubectl.run("wait", "--for=condition=complete", f"job/{name}", "--timeout=120s")

    def configure(self, **values: str) -> None:
        """Change the ConfigMap and restart the API, as a person does it."""
        self.kubectl.run("patch", "configmap", "jarvis-config", "--patch", json.dumps({"data": values}))
        self.kubectl.run("rollout", "restart", "deployment/jarvis-api")
        self.kubectl.rolled_out("jarvis-api")

    def live_color(self) -> str:
        """Who has the traffic, as the runbook asks it."""
        return self.kubectl.run(
            "get", "service", "jarvis-api-live", "--output", "jsonpath={.spec.selector.color}"
        )

    def give_traffic_to(self, color: str) -> None:
        """The runbook's own patch of the Service's selector."""
        change = json.dumps({"spec": {"selector": {"color": color}}})
        self.kubectl.run("patch", "service", "jarvis-api-live", "--patch", change)

    def about(self, address: str | None = None) -> dict[str, Any]:
        """What users get from `/api`: the version, and the features that are on."""
        answer = httpx.get(f"{address or self.address}/api", timeout=10, trust_env=False)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def answers(self) -> bool:
        """Whether users get a healthy answer."""
        try:
            return httpx.get(f"{self.address}/health", timeout=10, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """Remove the namespace with all that is in it, and the folder."""
        self.kubectl.run("delete", "namespace", self.kubectl.namespace, "--wait=false")
        shutil.rmtree(self.folder)

    def _backing(self) -> list[dict[str, Any]]:
        secret, *database = manifests("postgres", self.settings["image"])
        secret["stringData"]["password"] = self.settings["password"]
        return [secret, *database, *manifests("partner", self.settings["image"])]

    def _at(self, service: str) -> str:
        return f"{self.settings['host']}:{self.settings['ports'][service]}"

    def _keep_ports(self, *services: str) -> None:
        """The node ports that the cluster gave, and the node's address."""
        self.settings.setdefault("host", self._node())
        ports = self.settings.setdefault("ports", {})
        for name in services:
            [port] = self.kubectl.json("get", "service", name)["spec"]["ports"]
            ports[name] = port["nodePort"]
        file = self.folder / "settings.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(self.settings, indent=1))

    def _node(self) -> str:
        """The first node's address inside its network; on Linux that of kind and minikube is reached from the host."""
        nodes = self.kubectl.json("get", "nodes")["items"]
        addresses = {one["type"]: one["address"] for one in nodes[0]["status"]["addresses"]}
        return str(addresses["InternalIP"])
