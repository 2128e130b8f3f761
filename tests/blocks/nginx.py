"""A real nginx of a test's own."""

import shutil
from pathlib import Path

import pytest

from benchmarks.proxies import PATH, NginxProxy


class Nginx(NginxProxy):
    """The benchmark's, with a look at its processes."""

    def serve(self, upstream: str) -> None:
        """Start it with this upstream."""
        self.upstream = upstream
        self.start()

    def workers(self) -> set[str]:
        """The pids of its workers."""
        master = self.pid_file.read_text().strip()
        return set(Path(f"/proc/{master}/task/{master}/children").read_text().split())


def require_nginx() -> None:
    """Skip the test where nginx is not installed."""
    if not shutil.which("nginx", path=PATH):
        pytest.skip("nginx is not installed (Debian: nginx-light)")
