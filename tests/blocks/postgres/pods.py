"""Pods of a real Kubernetes cluster, of an image with Debian's PostgreSQL 15 that is built here: none is pulled."""

import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg import pq

from tests.blocks.postgres.dumping import command_lines
from tests.blocks.waiting import wait_until

if TYPE_CHECKING:
    from docker import DockerClient

IMAGE = "backout-test-postgres:15"
BUILD = """
ARG BASE
FROM ${BASE}
RUN mkdir -p /etc/postgresql-common \\
    && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf \\
    && apt-get update -qq \\
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql-15 \\
    && rm -rf /var/lib/apt/lists/*
"""
POSTGRES = """
set -e
PATH=/usr/lib/postgresql/15/bin:$PATH
initdb -D /tmp/data -U postgres -A trust --no-sync
printf 'local all all trust\\nhost all postgres all trust\\nhost all all all scram-sha-256\\n' >/tmp/data/pg_hba.conf
exec postgres -D /tmp/data -k /tmp -c listen_addresses='*' -c fsync=off -c full_page_writes=off
"""
"""A server as an image's entry point starts it: of no locale, so that its databases are SQL_ASCII."""

IDLE = ("sleep", "infinity")


def built(engine: "DockerClient", base: str) -> str:
    """The image; built again only where it is not in the engine's cache."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Dockerfile").write_text(BUILD, encoding="ascii")
        engine.images.build(path=folder, tag=IMAGE, buildargs={"BASE": base}, rm=True)
    return IMAGE


@dataclass(frozen=True)
class Pods:
    """What runs in a namespace of the tests."""

    namespace: str

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        """What kubectl prints."""
        argv = ["kubectl", "--namespace", self.namespace, *arguments]
        done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, name: str, command: Sequence[str] = IDLE) -> str:
        """A pod that runs, of one container as Debian's user `postgres`; its address."""
        container = {
            "name": "main",
            "image": IMAGE,
            "imagePullPolicy": "Never",
            "command": list(command),
            "securityContext": {"runAsUser": 100, "runAsGroup": 102},
        }
        spec = {"containers": [container], "terminationGracePeriodSeconds": 0, "restartPolicy": "Never"}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        self.kubectl("apply", "--filename", "-", given=json.dumps(pod))
        self.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=120s")
        return self.kubectl("get", "pod", name, "--output", "jsonpath={.status.podIP}")

    def start_postgres(self, name: str) -> str:
        """The same with a server that answers, and lets its superuser in without a password."""
        address = self.start(name, ["sh", "-c", POSTGRES])
        wait_until(lambda: _answers(address), "PostgreSQL in its pod", 120)
        return address

    def kill(self, name: str) -> None:
        """At once, as the end of its node."""
        self.kubectl(
            "delete", "pod", name, "--grace-period=0", "--force", "--wait=false", "--ignore-not-found"
        )

    @contextmanager
    def killed_when(
        self, condition: Callable[[], object], name: str | None, program: str | None = None
    ) -> Iterator[None]:
        """The pod is killed when the condition holds, while the block goes on: until then its program gets no further."""

        def kill() -> None:
            wait_until(condition, "the program to be in the middle", 60)
            found = command_lines(f"{program} --dbname=") if program else {}
            for pid, line in found.items():
                # In the pod, where the password is in a file; the node is this machine.
                if line.startswith("/usr/lib/postgresql") and "passfile=/tmp/" in line:
                    os.kill(pid, signal.SIGSTOP)
            self.kill(str(name))

        thread = threading.Thread(target=kill)
        thread.start()
        try:
            yield
        finally:
            thread.join()

    def run(self, name: str, *argv: str, given: str | None = None) -> str:
        """What a command in the pod prints."""
        return self.kubectl("exec", "--stdin", name, "--", *argv, given=given)


def _answers(address: str) -> bool:
    return pq.PGconn.ping(f"host={address} connect_timeout=5".encode()) == pq.Ping.OK
