"""The way of a dump through a pod: all but the cluster is real, `kubectl exec` runs the command here."""

import os
import stat
from pathlib import Path

import pytest

from blocks.postgres.backups import listed, verify
from blocks.postgres.manifest import ARCHIVE
from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.shop import CUSTOMERS, fill, taken

KUBECTL = """#!/bin/sh
echo "$@" >> "{log}"
while [ "$1" != -- ]; do shift; done
shift
[ "$1" != rm ] || stat --format=%a "$3" >> "{log}"
exec "$@"
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What kubectl was asked for, line by line."""
    folder, log = tmp_path / "bin", tmp_path / "asked"
    folder.mkdir()
    (folder / "kubectl").write_text(KUBECTL.format(log=log), encoding="ascii")
    (folder / "kubectl").chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return log


def test_the_password_file_comes_first_and_goes_last(
    server: Server, postgres: Cluster, log: Path, tmp_path: Path
) -> None:
    fill(server)
    pod = Programs(kind="pod", pod="postgres-0", namespace="shop", folder=postgres.programs)
    made = taken(server, pod, tmp_path / "backups")
    assert made.rows["public.customers"] == CUSTOMERS
    assert set(made.checksums) == {ARCHIVE}
    (backup,) = listed(tmp_path / "backups")
    assert verify(backup, pod).verified

    begins = "exec -i --namespace shop postgres-0 --"
    asked = [line.removeprefix(f"{begins} ") for line in log.read_text().splitlines()]
    put = next(number for number, line in enumerate(asked) if line.startswith("install -m 600 /dev/stdin "))
    passfile = asked[put].split()[-1]
    assert f"passfile={passfile}" in asked[put + 1]
    assert asked[put + 2 : put + 4] == [f"rm -f {passfile}", "600"]
    assert not Path(passfile).exists()
    assert "pass:word" not in log.read_text()
