"""A real Alertmanager on loopback that sends everything to one webhook at once."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from blocks import process
from examples.demo.ports import free_ports
from tests.blocks.waiting import wait_until

USUAL = "/usr/bin/prometheus-alertmanager"
CONFIGURATION = """\
route: {{receiver: backout, group_by: [alertname, application], group_wait: 0s, group_interval: 1s, repeat_interval: 4h}}
receivers:
  - name: backout
    webhook_configs:
      - url: {url}
        send_resolved: true
        http_config: {{authorization: {{type: Bearer, credentials: "{token}"}}}}
"""


@contextmanager
def running_alertmanager(folder: Path, url: str, token: str) -> Iterator[str]:
    """Its `host:port`, once it is ready. Skips the test where it is not installed."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager") or USUAL
    if not os.access(program, os.X_OK):
        pytest.skip("Alertmanager is not installed: no `prometheus-alertmanager` on PATH")
    (port,) = free_ports(1)
    folder.mkdir(exist_ok=True)
    (folder / "alertmanager.yaml").write_text(CONFIGURATION.format(url=url, token=token))
    argv = [program, f"--config.file={folder}/alertmanager.yaml", f"--storage.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]  # fmt: skip
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    running = process.start(argv, cwd=folder, env=environment, log=folder / "alertmanager.log")
    try:
        wait_until(partial(_ready, port), f"Alertmanager, see {folder}/alertmanager.log")
        yield f"127.0.0.1:{port}"
    finally:
        process.stop(running, f"no mark {folder}", 10)


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/-/ready", trust_env=False).is_success
    except httpx.TransportError:
        return False
