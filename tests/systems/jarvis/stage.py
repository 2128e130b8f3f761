"""The example's own namespace on a real cluster, as it stands at first: v1.1.0 runs, v1.0.0 ran before."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import yaml

from blocks.home import Home
from blocks.keys import key
from examples.jarvis.kubectl import Manifest
from examples.jarvis.release import CHANGE_CAUSE, NEWEST_MIGRATION, VERSION_LABEL, manifests
from examples.jarvis.stack import FOLDER, NEW, OLD, Stack
from tests.blocks.waiting import wait_until

REPLICAS = 2
LOOKS, PATIENCE_S = 6, 60
API, WORKER = "jarvis-api", "jarvis-worker"
ANNOTATIONS = (f"{CHANGE_CAUSE}=deploy {NEW.name}", "backout.dev/rollback-", "backout.dev/replicas-")
"""As they are at first."""


class Jarvis:
    """What the scenes share: the stack, and the store of a running `serve`."""

    def __init__(self, stack: Stack, home: Home, store: str) -> None:
        self.stack = stack
        self.home = home
        self.url = store
        self.key = key(home, "journal")
        self.first = {name: self.template(name) for name in (API, WORKER)}
        self.replicas = {name: self.deployment(name)["spec"]["replicas"] for name in (API, WORKER)}
        self.raw: dict[str, dict[str, Any]] = {
            one["name"]: one for one in yaml.safe_load((FOLDER / "backout.yaml").read_text())["applications"]
        }

    def deployment(self, name: str = API) -> Manifest:
        return self.stack.kubectl.json("get", "deployment", name)

    def template(self, name: str = API) -> Manifest:
        """A Deployment's pod template, as it is now."""
        found: Manifest = self.deployment(name)["spec"]["template"]
        return found

    def version(self, name: str = API) -> str:
        """What the Deployment is to run."""
        return str(self.template(name)["metadata"]["labels"][VERSION_LABEL])

    def revision(self, name: str = API) -> str:
        """The number that `kubectl rollout history` has last."""
        return str(self.deployment(name)["metadata"]["annotations"]["deployment.kubernetes.io/revision"])

    def pods(self, app: str = API) -> set[str]:
        """The names of its pods that stay."""
        found = self.stack.kubectl.json("get", "pods", "--selector", f"app={app}")["items"]
        return {one["metadata"]["name"] for one in found if "deletionTimestamp" not in one["metadata"]}

    def answers_as(self, version: str) -> None:
        """Wait until users get this version alone: kube-proxy leaves a pod that ends out a moment after it is told to end."""
        wait_until(
            lambda: self._all(lambda: self.stack.about()["version"], version),
            f"{version} alone to answer",
            PATIENCE_S,
        )

    def shows(self, **features: bool) -> None:
        """Wait likewise until users get these features, from all pods."""
        wait_until(lambda: self._all(self.features, features), f"{features}", PATIENCE_S)

    def features(self) -> dict[str, bool]:
        found: dict[str, bool] = self.stack.about()["features"]
        return found

    def thinks_with(self, model: str) -> None:
        """Wait likewise until all pods use this model."""
        wait_until(
            lambda: self._all(lambda: self.stack.about()["model"], model), f"{model} alone", PATIENCE_S
        )

    def weather_answers(self, status: int) -> None:
        """Wait likewise until the integration answers so, in all pods."""
        wait_until(lambda: self._all(self._weather, status), f"the weather to answer {status}", PATIENCE_S)

    def _all(self, look: Callable[[], object], expected: object) -> bool:
        """Each request is a connection of its own, so all pods are met."""
        return all(look() == expected for _ in range(LOOKS))

    def _weather(self) -> int:
        return httpx.get(f"{self.stack.address}/api/weather", timeout=10, trust_env=False).status_code

    def chat(self, text: str) -> None:
        """A user of Jarvis, with an account that stays."""
        who = {"email": "ann@example.test", "password": "a long password"}
        with httpx.Client(base_url=self.stack.address, trust_env=False, timeout=10) as client:
            client.post("/api/auth/register", json=who)
            token = client.post("/api/auth/login", json=who).raise_for_status().json()["token"]
            headers = {"Authorization": f"Bearer {token}"}
            client.post("/api/chat", json={"text": text}, headers=headers).raise_for_status()

    def said(self) -> list[str]:
        """What users wrote, as the database has it."""
        return [text for (text,) in self.rows("SELECT text FROM messages ORDER BY id")]

    def migrations(self) -> list[str]:
        """What the database has of migrations."""
        return [
            name for (name,) in self.rows("SELECT migration_name FROM _prisma_migrations ORDER BY started_at")
        ]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.stack.variables()["JARVIS_DATABASE_URL"]) as connection:
            return connection.execute(query.encode()).fetchall()

    def execute(self, *statements: str) -> None:
        """On the database, as its owner."""
        with psycopg.connect(self.stack.variables()["JARVIS_DATABASE_URL"], autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def kept_databases(self) -> list[str]:
        """What a swap kept of the database, or left beside it."""
        found = self.rows("SELECT datname FROM pg_database WHERE datname LIKE 'jarvis_production\\_\\_%'")
        return [name for (name,) in found]

    def restore(self) -> None:
        """As it stood at first; what a test deployed is forgotten, by the cluster's history too."""
        self._restore_database()
        kubectl = self.stack.kubectl
        kubectl.run("delete", "configmap", "--selector", "backout.dev/kept-of", "--ignore-not-found")
        kubectl.apply(manifests("config", ""))
        for name, template in self.first.items():
            if (
                self.template(name) != template
                or self.deployment(name)["spec"]["replicas"] != self.replicas[name]
            ):
                spec = {"replicas": self.replicas[name], "template": template}
                change = [
                    {"op": "replace", "path": f"/spec/{key}", "value": value} for key, value in spec.items()
                ]
                kubectl.run("patch", "deployment", name, "--type=json", "--patch", json.dumps(change))
            kubectl.run("annotate", "--overwrite", "deployment", name, *ANNOTATIONS)
        for name in self.first:
            kubectl.rolled_out(name)
            self._forget(name)

    def _restore_database(self) -> None:
        self.execute(*(f'DROP DATABASE "{name}" WITH (FORCE)' for name in self.kept_databases()))
        if NEWEST_MIGRATION in self.migrations():
            self.execute(
                "ALTER TABLE messages RENAME COLUMN answer TO reply",
                "DELETE FROM _prisma_migrations WHERE started_at = (SELECT max(started_at) FROM _prisma_migrations)",
            )
        self.execute("DELETE FROM accounts")

    def _forget(self, name: str) -> None:
        """Remove the ReplicaSets of other releases, and those of v1.1.0 that run no pods."""
        for one in self.stack.kubectl.json("get", "replicasets", "--selector", f"app={name}")["items"]:
            version = one["metadata"]["labels"][VERSION_LABEL]
            if version != OLD.name and not one["spec"]["replicas"]:
                self.stack.kubectl.run("delete", "replicaset", one["metadata"]["name"])
