"""A real Prometheus on loopback, for tests of what reads from it."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from blocks import process
from examples.demo.ports import free_ports
from tests.blocks.waiting import wait_until

USUAL = "/usr/bin/prometheus"


@contextmanager
def running_prometheus(folder: Path, configuration: str) -> Iterator[str]:
    """Its base URL, once it listens. `configuration`: its YAML. Skips the test where it is not installed."""
    program = shutil.which("prometheus") or USUAL
    if not os.access(program, os.X_OK):
        pytest.skip("Prometheus is not installed: no `prometheus` on PATH")
    (port,) = free_ports(1)
    (folder / "prometheus.yaml").write_text(configuration)
    argv = [program, f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}"]  # fmt: skip
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    running = process.start(argv, cwd=folder, env=environment, log=folder / "prometheus.log")
    try:
        wait_until(partial(_listens, port), f"Prometheus, see {folder}/prometheus.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stop(running, f"no mark {folder}", 10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
