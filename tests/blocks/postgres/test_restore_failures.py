"""Restores that fail: told why, what was made of it is gone, and the database in use is untouched."""

import gzip
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from blocks.postgres import manifest as manifests
from blocks.postgres.backups import listed
from blocks.postgres.programs import Programs
from blocks.postgres.restore import restore
from blocks.postgres.server import Server
from domain.database.backup import Backup
from domain.errors import BackupUnusable, DatabaseUnreachable, ProgramUnfit, RestoreFailed
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.restoring import backed_up, customers, databases
from tests.blocks.postgres.shop import enlarge, fill, taken

SMALL_DISK = 24 * 1024 * 1024
"""More than a segment of the server's log, less than the large table."""


@pytest.fixture
def backup(server: Server, programs: Programs, tmp_path: Path) -> Backup:
    return backed_up(server, programs, tmp_path / "backups")


@pytest.fixture(autouse=True)
def _untouched(postgres: Cluster, server: Server) -> Iterator[None]:
    yield
    assert databases(postgres, server) == {server.database: True}
    assert customers(server) == 30


def data_file(backup: Backup) -> Path:
    return max(Path(backup.path).glob("*.dat*"), key=lambda path: path.stat().st_size)


def test_a_flipped_byte(server: Server, programs: Programs, backup: Backup) -> None:
    file = data_file(backup)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(BackupUnusable, match=f"file {file.name} was changed: its checksum is another"):
        restore(server, programs, backup)


def test_a_missing_file(server: Server, programs: Programs, backup: Backup) -> None:
    data_file(backup).unlink()
    with pytest.raises(BackupUnusable, match="is missing"):
        restore(server, programs, backup)


def test_a_manifest_with_another_count(server: Server, programs: Programs, backup: Backup) -> None:
    assert backup.manifest is not None
    rows = {**backup.manifest.rows, "public.customers": 31, "public.more": 1}
    manifest = backup.manifest.model_copy(update={"rows": rows})
    manifests.write(Path(backup.path), manifest)
    with pytest.raises(RestoreFailed) as raised:
        restore(server, programs, listed(Path(backup.path).parent)[0])
    assert "table public.customers has 30 rows, the manifest says 31" in str(raised.value)
    assert "table public.more" in str(raised.value)


def test_a_manifest_of_another_schema(server: Server, programs: Programs, backup: Backup) -> None:
    assert backup.manifest is not None
    manifest = backup.manifest.model_copy(update={"fingerprint": "0" * 64})
    manifests.write(Path(backup.path), manifest)
    with pytest.raises(RestoreFailed, match="schema is not the one"):
        restore(server, programs, listed(Path(backup.path).parent)[0])


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT 1 FROM customers WHERE id = 4711", "gave no row"),
        ("SELECT nonsense", "does not exist"),
        ("DELETE FROM customers RETURNING id", "read-only transaction"),
    ],
)
def test_the_applications_own_query(
    server: Server, programs: Programs, backup: Backup, query: str, said: str
) -> None:
    with pytest.raises(RestoreFailed, match=said):
        restore(server, programs, backup, smoke=["SELECT 1 FROM customers", query])


def test_a_name_longer_than_names_may_be(server: Server, programs: Programs, backup: Backup) -> None:
    with pytest.raises(RestoreFailed, match="70 bytes long, and PostgreSQL keeps 63"):
        restore(server, programs, backup, into="ü" * 35)


def test_the_database_in_use_is_never_restored_into(
    server: Server, programs: Programs, backup: Backup
) -> None:
    with pytest.raises(RestoreFailed, match="it is not overwritten"):
        restore(server, programs, backup, into=server.database)


def test_a_role_that_may_not_create_databases(
    postgres: Cluster, server: Server, programs: Programs, backup: Backup
) -> None:
    role = sql.Identifier(f"{server.database}_owner")
    with postgres.connect() as connection:
        connection.execute(sql.SQL("ALTER ROLE {} NOCREATEDB").format(role))
    with pytest.raises(RestoreFailed, match="permission denied to create database"):
        restore(server, programs, backup)


def test_a_role_that_only_the_backup_knows(
    postgres: Cluster, server: Server, programs: Programs, tmp_path: Path
) -> None:
    role = sql.Identifier(f"{server.database}_reader")
    with postgres.connect() as connection:
        connection.execute(sql.SQL("CREATE ROLE {}").format(role))
    fill(server)
    with server.connected() as connection:
        connection.execute(sql.SQL("GRANT SELECT ON customers TO {}").format(role))
    taken(server, programs, tmp_path)
    with server.connected() as connection:
        connection.execute(sql.SQL("REVOKE SELECT ON customers FROM {}").format(role))
    with postgres.connect() as connection:
        connection.execute(sql.SQL("DROP ROLE {}").format(role))
    with pytest.raises(RestoreFailed, match=r'role "\w+_reader" does not exist'):
        restore(server, programs, listed(tmp_path)[0])


def test_a_wrong_password(server: Server, programs: Programs, backup: Backup) -> None:
    url = SecretStr(make_conninfo(server.url.get_secret_value(), password="wr0ng"))
    with pytest.raises(DatabaseUnreachable, match="password authentication failed") as raised:
        restore(Server(url=url, owner_url=url), programs, backup)
    assert "wr0ng" not in str(raised.value)


def test_a_program_older_than_the_server(server: Server, backup: Backup, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "pg_restore").write_text(
        '#!/bin/sh\n[ "$1" = --list ] && exit 0\necho "pg_restore (PostgreSQL) 12.22"\n', encoding="ascii"
    )
    (old / "pg_restore").chmod(0o755)
    with pytest.raises(ProgramUnfit, match=r"pg_restore 12\.22 is too old"):
        restore(server, Programs(folder=old), backup)


@contextmanager
def small_disk(cluster: Cluster) -> Iterator[None]:
    """The server's new sessions cannot make a file larger: they meet it as they meet a full disk."""
    with cluster.connect() as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    data = Path(row[0] if row else "")
    postmaster = (data / "postmaster.pid").read_text().splitlines()[0]
    limit_files(postmaster, data, str(SMALL_DISK))
    try:
        yield
    finally:
        limit_files(postmaster, data, "unlimited")


def limit_files(pid: str, data: Path, most: str) -> None:
    """As the server's own user, who may do it without any capability; only the soft limit, which can be raised again."""
    owner = data.stat()
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        who = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    subprocess.run(["prlimit", "--pid", pid, f"--fsize={most}:"], check=True, **who)


def test_a_full_disk(postgres: Cluster, server: Server, programs: Programs, tmp_path: Path) -> None:
    fill(server)
    enlarge(server)
    taken(server, programs, tmp_path)
    with small_disk(postgres), pytest.raises(RestoreFailed, match=r"could not (extend|write)"):
        restore(server, programs, listed(tmp_path)[0])


@pytest.mark.parametrize("name", ["night.sql.gz", "night.sql"])
def test_a_script_with_an_error_in_it(server: Server, programs: Programs, tmp_path: Path, name: str) -> None:
    fill(server)
    text = b"CREATE TABLE a (id int);\nINSERT INTO nowhere VALUES (1);\n" + b"SELECT 1;\n" * 300_000
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    with pytest.raises(RestoreFailed, match='relation "nowhere" does not exist'):
        restore(server, programs, listed(tmp_path)[0])
