"""A shop in a real Kubernetes namespace: two Deployments whose pods write into a PostgreSQL that runs in a pod."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from blocks.home import Home
from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.pods import pods_of
from blocks.kubernetes.resources import DEPLOYMENT, SERVICE, Json
from blocks.kubernetes.scaling import WAS, replicas
from blocks.platforms.kubernetes import Kubernetes
from domain.database.backup import Backup
from domain.database.wish import Wish
from domain.release import Release
from domain.request import Request
from tasks.database import changes_of
from tests.blocks.kubernetes import image
from tests.blocks.ledger_child import KEY
from tests.blocks.postgres import pods
from tests.blocks.waiting import wait_until
from tests.flows.stage import FIRST, NUMBERS, Scene

if TYPE_CHECKING:
    from docker import DockerClient

DATABASE, OWNER, PASSWORD = "shop_production", "shop", "an owner's password"
HAD = {"shop-api": 2, "shop-worker": 1}
WAIT_S = 120.0
VISITS = "while :; do while echo 'INSERT INTO visits DEFAULT VALUES;'; do sleep 0.1; done | psql --quiet; sleep 0.2; done"
MIGRATIONS = {
    "001_orders.up.sql": "CREATE TABLE orders (id serial PRIMARY KEY, price int NOT NULL);"
    " CREATE TABLE visits (at timestamptz NOT NULL DEFAULT now());",
    "001_orders.down.sql": "DROP TABLE orders, visits;",
    "002_paid.up.sql": "ALTER TABLE orders ADD COLUMN paid boolean;",
    "002_paid.down.sql": "ALTER TABLE orders DROP COLUMN paid;",
}


class ClusterStage:
    """The namespace, the database and the Deployments; `scene` begins each test anew on them."""

    def __init__(self, cluster: Cluster, engine: "DockerClient", base: str, store: str, folder: Path) -> None:
        self.cluster = cluster
        self.url = store
        self.key = KEY
        self.home: Home | None = None
        self.folder = folder
        self.image = image.built(engine, base)
        pods.built(engine, base)
        self.database = pods.Pods(cluster.namespace).start_postgres("shop-db")
        self._prepare_database()
        for name in HAD:
            cluster.create(DEPLOYMENT, self._deployment(name, "1.0"))
        ports = [{"port": 80, "targetPort": image.PORT}]
        spec = {"selector": {"app": "shop-api"}, "ports": ports}
        made = cluster.create(SERVICE, {"metadata": {"name": "shop-api"}, "spec": spec})
        self.address = f"http://{made['spec']['clusterIP']}"
        self.wait_for_pods()
        for name in HAD:
            cluster.patch(DEPLOYMENT, name, {"spec": {"template": self._template(name, "2.0")}})
        self.wait_for_pods()

    @property
    def settings(self) -> dict[str, Any]:
        """The platform."""
        return {
            "kind": "kubernetes",
            "cluster": {"namespace": self.cluster.namespace},
            "address": self.address,
            "deployments": {name.removeprefix("shop-"): {"name": name} for name in HAD},
        }

    def scene(self, folder: Path, **changes: Any) -> "ClusterScene":
        """The shop at 2.0, with one order and a backup of it."""
        self.reset()
        with self.connect() as connection:
            connection.execute("TRUNCATE orders, visits")
            connection.execute("INSERT INTO orders (price) VALUES (42)")
        made = ClusterScene(self, folder, f"shop/k{next(NUMBERS)}", changes)
        with made.installation() as here:
            for number, version in enumerate(("1.0", "2.0")):
                at, schema = FIRST.replace(day=1 + number), f"00{number + 1}"
                here.store.record(
                    Release(application=made.name, version=version, recorded_at=at, schema_version=schema)
                )
                here.store.served(made.name, version, at)
        return made

    def reset(self) -> None:
        """Each Deployment has the pods it had, all of 2.0, on the schema that 2.0 brought."""
        with self.connect() as connection:
            if not connection.execute("SELECT FROM schema_migrations WHERE version = '002'").fetchall():
                self._migrate(connection, "002_paid.up.sql")
        for name, count in HAD.items():
            spec = {"replicas": count, "template": self._template(name, "2.0")}
            self.cluster.patch(DEPLOYMENT, name, {"metadata": {"annotations": {WAS: None}}, "spec": spec})
        self.wait_for_pods()

    def wait_for_pods(self) -> None:
        """Until all are there, and ready."""
        for name, count in HAD.items():
            wait_until(partial(self._has, name, count), f"{name}'s pods", WAIT_S)

    def _has(self, name: str, count: int) -> bool:
        return self.ready(name) == count

    def ready(self, name: str) -> int:
        """How many pods take requests; 0 while one of another revision is left."""
        body = self.cluster.get(DEPLOYMENT, name)
        found = pods_of(self.cluster, {"app": name})
        status = body.get("status", {})
        if status.get("observedGeneration") != body["metadata"]["generation"] or any(
            one.leaving for one in found
        ):
            return 0
        updated: int = status.get("updatedReplicas", 0)
        return updated if status.get("readyReplicas") == len(found) == updated else 0

    def serving(self) -> str | None:
        """The release that is in place."""
        return Kubernetes.model_validate(self.settings).route().slot

    def scaled(self) -> dict[str, int]:
        """How many pods each is to have; nothing may be kept any more."""
        bodies = {name: self.cluster.get(DEPLOYMENT, name) for name in HAD}
        assert [name for name, body in bodies.items() if WAS in body["metadata"].get("annotations", {})] == []
        return {name: replicas(body) for name, body in bodies.items()}

    def connect(self, database: str = DATABASE, user: str = OWNER) -> psycopg.Connection[tuple[Any, ...]]:
        """Each statement for itself."""
        return psycopg.connect(self.database_url(database, user), autocommit=True, client_encoding="UTF8")

    def database_url(self, database: str = DATABASE, user: str = OWNER) -> str:
        """As the owner, or the superuser, who needs no password."""
        secret = PASSWORD.replace(" ", "%20") if user == OWNER else ""
        return f"postgresql://{user}:{secret}@{self.database}/{database}"

    def _prepare_database(self) -> None:
        with self.connect("postgres", "postgres") as connection:
            connection.execute(
                f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'"
            )
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        (self.folder / "migrations").mkdir()
        for name, text in MIGRATIONS.items():
            (self.folder / "migrations" / name).write_text(text)
        with self.connect() as connection:
            connection.execute(
                "CREATE TABLE schema_migrations (version text PRIMARY KEY, applied_at timestamptz DEFAULT now())"
            )
            for name in MIGRATIONS:
                if ".up." in name:
                    self._migrate(connection, name)

    def _migrate(self, connection: psycopg.Connection[tuple[Any, ...]], name: str) -> None:
        connection.execute(MIGRATIONS[name].encode())
        connection.execute("INSERT INTO schema_migrations (version) VALUES (%s)", [name[:3]])

    def _deployment(self, name: str, version: str) -> Json:
        labels = {"app": name}
        spec = {
            "replicas": HAD[name],
            "selector": {"matchLabels": labels},
            "template": self._template(name, version),
        }
        return {"metadata": {"name": name, "labels": labels}, "spec": spec}

    def _template(self, name: str, version: str) -> Json:
        probe = {"httpGet": {"path": "/ready", "port": image.PORT}, "periodSeconds": 1}
        shared = {"imagePullPolicy": "Never"}
        address = {"PGHOST": self.database, "PGDATABASE": DATABASE, "PGUSER": OWNER, "PGPASSWORD": PASSWORD}
        app = {
            "name": "app",
            "image": self.image,
            "readinessProbe": probe,
            "env": _env({"APP_VERSION": version}),
        }
        writer = {
            "name": "writer",
            "image": pods.IMAGE,
            "command": ["sh", "-c", VISITS],
            "env": _env(address),
        }
        return {
            "metadata": {"labels": {"app": name, "app.kubernetes.io/version": version}},
            "spec": {
                "containers": [{**app, **shared}, {**writer, **shared}],
                "terminationGracePeriodSeconds": 0,
            },
        }


class ClusterScene(Scene):
    """One application on the stage. `asked`: what its runs ask for."""

    def __init__(self, stage: ClusterStage, folder: Path, name: str, changes: dict[str, Any]) -> None:
        self.asked: dict[str, Any] = {}
        self.shop = stage
        database = {
            "kind": "postgresql",
            "url": stage.database_url(),
            "stop_application": True,
            "migrations": {"kind": "sql_files", "folder": str(stage.folder / "migrations")},
            "programs": {
                "kind": "pod",
                "pod": "shop-db",
                "namespace": stage.cluster.namespace,
                "host": "localhost",
            },
            "drain_s": 5,
            **changes.pop("database", {}),
        }
        super().__init__(stage, folder, name, {"database": database, **changes})  # type: ignore[arg-type]  # it has what a scene asks of its stage

    def request(self, **fields: Any) -> Request:
        return super().request(**{**self.asked, **fields})

    def asks(self, runbook: str, wish: Wish) -> "ClusterScene":
        """Let all its runs ask for this."""
        self.asked = {"runbook": runbook, "issue": None, "database": wish}
        return self

    def back_up(self) -> Backup:
        """As it is now."""
        return changes_of(self.document, self.home).back_up("manual", "2.0")

    def prices(self) -> list[int]:
        """Of all orders."""
        with self.shop.connect() as connection:
            return [price for (price,) in connection.execute("SELECT price FROM orders").fetchall()]

    def kinds(self, *wanted: str) -> list[str]:
        """What the journal says happened, in order."""
        incident = self.incident().id
        with self.installation() as here:
            return [entry.kind for entry in here.store.entries(incident) if entry.kind in wanted]


def _env(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]
