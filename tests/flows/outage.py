"""A PostgreSQL server that an operator stops in the middle of everything, and starts again."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from tests.blocks.postgres.cluster import Cluster


class Outage:
    """Of one cluster of a test's; `end` must come before the cluster is used again."""

    def __init__(self, cluster: Cluster) -> None:
        with cluster.connect() as connection:
            row = connection.execute("SHOW data_directory").fetchone()
        self._data = Path(row[0] if row else "")
        self._programs = cluster.programs
        self._down = False

    def begin(self) -> None:
        """All sessions are gone, and nobody answers."""
        if not self._down:
            self._options = shlex.split((self._data / "postmaster.opts").read_text())[1:]
            self._pg_ctl("-m", "fast", "stop")
            self._down = True

    def end(self) -> None:
        """It recovers and answers."""
        if self._down:
            self._pg_ctl("-l", str(self._data / "log"), "-o", shlex.join(self._options), "start")
            self._down = False

    def _pg_ctl(self, *arguments: str) -> None:
        owner = self._data.stat()
        who = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        argv = [str(self._programs / "pg_ctl"), "-D", str(self._data), "-w", *arguments]
        with tempfile.TemporaryFile() as output:
            subprocess.run(argv, cwd="/", stdout=output, stderr=output, check=True, **who)  # type: ignore[call-overload]
