"""Jarvis in a namespace of a real cluster: two Deployments, a Service, a ConfigMap; release 1.0, and 2.0 in its place."""

import json
import secrets
import subprocess
from contextlib import suppress
from copy import deepcopy
from typing import Any

import httpx

from blocks.platforms.kubernetes import Kubernetes
from tests.blocks.kubernetes.image import PORT
from tests.blocks.platforms.in_place_contract import SECRET
from tests.blocks.waiting import wait_until

OLD, NEW = "1.0", "2.0"
API, WORKER, CONFIG = "jarvis-api", "jarvis-worker", "jarvis-config"
IN_A_ROW = 5
ANSWER_S = 3.0
"""A pod that has just ended may swallow a request: the next one finds another pod."""
VERSION_LABEL = "app.kubernetes.io/version"


def kubectl(namespace: str, *words: str, document: Any = None) -> str:
    """What it prints; a test fails with what it said."""
    given = json.dumps(document) if document is not None else None
    argv = ["kubectl", "--namespace", namespace, *words]
    ended = subprocess.run(argv, input=given, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{' '.join(argv)}: {ended.stderr}"
    return ended.stdout


def deployment(name: str, image: str, version: str, replicas: int = 1, **env: str) -> dict[str, Any]:
    """A Deployment of the test application. Its one secret is in `DATABASE_URL`."""
    labels = {"app": name}
    told = {
        "SLOT": name,
        "APP_VERSION": version,
        "DATABASE_URL": f"postgresql://jarvis:{SECRET}@db/jarvis",
        **env,
    }
    container = {
        "name": "app",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": key, "value": value} for key, value in told.items()],
        "envFrom": [{"configMapRef": {"name": CONFIG}}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": PORT}, "periodSeconds": 1},
    }
    template = {
        "metadata": {"labels": {**labels, VERSION_LABEL: version}},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]},
    }
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    spec = {
        "replicas": replicas,
        "strategy": rolling,
        "selector": {"matchLabels": labels},
        "template": template,
    }
    metadata = {"name": name, "annotations": {"kubernetes.io/change-cause": f"release-{version}"}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def config_map(name: str = CONFIG, **data: str) -> dict[str, Any]:
    """The application's ConfigMap, or another one."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def service() -> dict[str, Any]:
    """In front of the API's pods."""
    spec = {"selector": {"app": API}, "ports": [{"port": PORT}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": API}, "spec": spec}


class Jarvis:
    """The application, with what its runbook does to it."""

    def __init__(self, cluster: str, image: str, replicas: int = 1) -> None:
        self.image = image
        self.replicas = replicas
        self.namespace = f"{cluster}-{secrets.token_hex(2)}"
        kubectl(cluster, "create", "namespace", self.namespace)
        self.kubectl("apply", "-f", "-", document=service())
        self.address = f"http://{self._address()}:{PORT}"
        self._new: dict[str, Any] = {}
        self._config: dict[str, str] = {}
        self._sets: set[str] = set()

    def start(self) -> None:
        """Deploy the old release, then the new one; each is kept as `backout record` does."""
        for version, greeting in ((OLD, "hello"), (NEW, "good morning")):
            self.configure(SETTING_GREETING=greeting, FEATURE_SEARCH="true")
            self.deploy(version)
            self.platform().keep(version)
        self._new = {name: self.get("deployment", name)["spec"]["template"] for name in (API, WORKER)}
        self._config = self.get("configmap", CONFIG)["data"]
        self._sets = self._replica_sets()

    def deploy(self, version: str, *, wait: bool = True, image: str = "", **env: str) -> None:
        """As a CI does it: both Deployments."""
        given = {"FEATURE_DASHBOARD": "true", **env}
        for name, replicas in ((API, self.replicas), (WORKER, 1)):
            told = deployment(name, image or self.image, version, replicas, **given)
            self.kubectl("apply", "-f", "-", document=told)
        if wait:
            self.wait()

    def configure(self, **data: str) -> None:
        """Give the ConfigMap this content."""
        self.kubectl("apply", "-f", "-", document=config_map(**data))

    def wait(self) -> None:
        """Until both are rolled out."""
        for name in (API, WORKER):
            self.kubectl("rollout", "status", f"deployment/{name}", "--timeout=120s")

    def restore(self) -> None:
        """The new release is in place, and nothing is under way."""
        if self.get("configmap", CONFIG)["data"] != self._config:
            self.configure(**self._config)
        for name, template in self._new.items():
            self._put_back(name, template)
        self.wait()
        if foreign := self._replica_sets() - self._sets:
            self.kubectl("delete", "replicaset", *foreign)
        wait_until(lambda: self.answering() == NEW, "the new release's answer")
        greeting = {"SETTING_GREETING": self._config["SETTING_GREETING"]}
        if not self._says_so(NEW, greeting):
            # It was started while the ConfigMap held another's.
            self.kubectl("delete", "pod", f"--selector=app={API}")
            self.comes_to_say(NEW, **greeting)

    def _put_back(self, name: str, template: dict[str, Any]) -> None:
        found = self.get("deployment", name)
        # Whatever the cluster changes meanwhile is no conflict.
        del found["metadata"]["resourceVersion"]
        wanted = deepcopy(found)
        wanted["spec"]["template"] = template
        wanted["spec"].pop("paused", None)
        wanted["metadata"]["annotations"].pop("backout.dev/rollback", None)
        wanted["metadata"]["annotations"]["kubernetes.io/change-cause"] = f"release-{NEW}"
        if wanted != found:
            self.kubectl("replace", "-f", "-", document=wanted)

    def platform(self, **more: Any) -> Kubernetes:
        """As `backout.yaml` gives it."""
        settings = {
            "kind": "kubernetes",
            "cluster": {"namespace": self.namespace},
            "address": self.address,
            "deployments": {"api": {"name": API}, "worker": {"name": WORKER}},
            "config_maps": [CONFIG],
            "flags": {
                "dashboard": {"variable": "FEATURE_DASHBOARD"},
                "search": {"variable": "FEATURE_SEARCH", "config_map": CONFIG},
            },
            "stalled_s": 1,
            "rollout_timeout_s": 60,
        }
        return Kubernetes.model_validate(settings | more)

    def says(self) -> dict[str, Any]:
        """What the application answers. Nodes learn of a pod's end a moment after it: until then some are refused."""
        answers: list[dict[str, Any]] = []
        wait_until(lambda: self._ask(answers), "an answer")
        return answers[0]

    def _ask(self, answers: list[dict[str, Any]]) -> bool:
        # Until kube-proxy knows a new Service, its address leads out of this machine, and whoever is there may answer.
        with suppress(httpx.HTTPError, ValueError):
            answers.append(
                httpx.get(self.address, timeout=ANSWER_S, trust_env=False).raise_for_status().json()
            )
        return bool(answers)

    def comes_to_say(self, version: str, **settings: str) -> None:
        """Wait until it answers so: a pod that ends may answer once more."""
        wait_until(lambda: self._says_so(version, settings), f"{version} with {settings}")

    def _says_so(self, version: str, settings: dict[str, str]) -> bool:
        said = self.says()
        return bool(said["version"] == version and settings.items() <= said["settings"].items())

    def answering(self) -> str:
        """The release that answers, as soon as a few answers in a row agree."""
        last: list[str] = []
        wait_until(lambda: self._agree(last), "answers that agree")
        return last[-1]

    def _agree(self, last: list[str]) -> bool:
        last.append(str(self.says()["version"]))
        return len(last) >= IN_A_ROW and len(set(last[-IN_A_ROW:])) == 1

    def get(self, kind: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.kubectl("get", kind, name, "--output=json"))
        return found

    def kubectl(self, *words: str, document: Any = None) -> str:
        return kubectl(self.namespace, *words, document=document)

    def end(self) -> None:
        """Away with the namespace."""
        self.kubectl("delete", "namespace", self.namespace, "--wait=false")

    def _replica_sets(self) -> set[str]:
        names = self.kubectl("get", "replicaset", "--output=jsonpath={.items[*].metadata.name}")
        return set(names.split())

    def _address(self) -> str:
        return str(self.get("service", API)["spec"]["clusterIP"])
