"""Which programs are used, and how they are told the password."""

import os
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from blocks.embedded_postgres import PROGRAMS
from blocks.postgres import found
from blocks.postgres.password import open_part, password_file, pgpass
from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
from domain.errors import CommandFailed, ProgramUnfit
from tests.blocks.postgres.cluster import Cluster
from tests.blocks.postgres.shop import programs_of

V15, V17, V18 = 150014, 170006, 180001


def stub(folder: Path, version: str, name: str = "pg_dump") -> Path:
    """A program that says its version, and fails at everything else."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(
        f"""#!/bin/sh\n[ "$1" = --version ] && echo "{name} (PostgreSQL) {version}"\n""", encoding="ascii"
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither on PATH, nor Debian's, nor the wheel's: each test puts its own there."""
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(found, "DEBIANS", tmp_path / "debian")
    monkeypatch.setattr(found, "PROGRAMS", tmp_path / "wheel")


@pytest.mark.usefixtures("nothing_installed")
def test_the_server_s_own_major_version_is_preferred(tmp_path: Path) -> None:
    stub(tmp_path / "path", "18.1")
    stub(tmp_path / "debian/17/bin", "17.6 (Debian 17.6-1)")
    own = stub(tmp_path / "debian/15/bin", "15.14 (Debian 15.14-0+deb12u1)")
    chosen = Programs().check("pg_dump", V15)
    assert (chosen.argv, chosen.version, chosen.major) == ((str(own),), "15.14", 15)


@pytest.mark.usefixtures("nothing_installed")
def test_else_the_first_that_is_newer(tmp_path: Path) -> None:
    stub(tmp_path / "path", "14.9")
    debians = stub(tmp_path / "debian/18/bin", "18.1")
    stub(tmp_path / "wheel", "19beta1")
    assert Programs().check("pg_dump", V17).argv == (str(debians),)


@pytest.mark.usefixtures("nothing_installed")
def test_without_a_server_the_newest(tmp_path: Path) -> None:
    stub(tmp_path / "path", "14.9")
    newest = stub(tmp_path / "wheel", "18.1")
    assert Programs().check("pg_dump", None).argv == (str(newest),)


@pytest.mark.usefixtures("nothing_installed")
def test_all_too_old_is_told_with_the_newest_of_them(tmp_path: Path) -> None:
    stub(tmp_path / "path", "13.22")
    newest = stub(tmp_path / "debian/15/bin", "15.14")
    with pytest.raises(ProgramUnfit) as raised:
        Programs().check("pg_dump", V18)
    assert str(raised.value).startswith(
        f"pg_dump {newest} 15.14 is too old; the server needs version 18 or newer"
    )


@pytest.mark.usefixtures("nothing_installed")
def test_one_that_is_missing_is_told() -> None:
    with pytest.raises(ProgramUnfit, match="pg_dump was not found; the server needs version 18 or newer"):
        Programs().check("pg_dump", V18)


def test_a_named_folder_is_the_only_one(tmp_path: Path) -> None:
    stub(tmp_path, "15.14")
    with pytest.raises(ProgramUnfit):
        Programs(folder=tmp_path).check("pg_dump", V18)


@pytest.mark.usefixtures("nothing_installed")
def test_what_is_no_program_of_postgresql_is_passed_over(tmp_path: Path) -> None:
    stub(tmp_path / "path", "").write_text("#!/bin/sh\necho hello\n", encoding="ascii")
    wheels = stub(tmp_path / "wheel", "18.1")
    assert Programs().check("pg_dump", V18).argv == (str(wheels),)


@pytest.mark.usefixtures("nothing_installed")
def test_debians_chooser_is_passed_over(tmp_path: Path) -> None:
    chooser = stub(tmp_path, "18.1", name="pg_wrapper")
    (tmp_path / "path").mkdir()
    (tmp_path / "path/pg_dump").symlink_to(chooser)
    wheels = stub(tmp_path / "wheel", "18.1")
    assert Programs().check("pg_dump", V18).argv == (str(wheels),)


def test_the_wheel_has_every_program() -> None:
    for name in ("pg_dump", "pg_restore", "psql"):
        assert Programs(folder=PROGRAMS).check(name, V18).major == 18


def test_each_kind_s_argument_list() -> None:
    argv = ["pg_dump", "--version"]
    assert Programs().inside(argv) == argv
    container = Programs(kind="container", container="shop-db-1")
    assert container.inside(argv) == ["docker", "exec", "-i", "shop-db-1", *argv]
    pod = Programs(kind="pod", pod="postgres-0")
    assert pod.inside(argv) == ["kubectl", "exec", "-i", "postgres-0", "--", *argv]
    named = Programs(kind="pod", pod="postgres-0", namespace="shop", container="db")
    assert named.inside(argv) == [
        *("kubectl", "exec", "-i", "--namespace", "shop", "postgres-0", "--container", "db", "--"),
        *argv,
    ]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"kind": "container"}, "set `container`"),
        ({"kind": "pod", "container": "db"}, "set `pod`"),
        ({"container": "db"}, "means nothing to kind found"),
        ({"kind": "container", "container": "db", "pod": "db-0"}, "mean nothing to kind container"),
        ({"kind": "container", "container": "--privileged"}, "pattern"),
        ({"kind": "pods"}, "Input should be"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, str], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Programs.model_validate(wrong)


def test_a_query_s_lines_come_back(server: Server, postgres: Cluster) -> None:
    lines: list[str] = []
    args = ["--no-psqlrc", "--tuples-only", "--no-align", "--command=SELECT current_user"]
    programs_of(postgres).run("psql", args, server.address(), on_line=lines.append)
    assert lines == [f"{server.database}_owner"]


def test_a_failed_program_tells_no_secret(server: Server, postgres: Cluster) -> None:
    with pytest.raises(CommandFailed, match='relation "nothing" does not exist') as raised:
        programs_of(postgres).run("psql", ["--command=SELECT * FROM nothing"], server.address())
    assert "pass:word" not in str(raised.value)
    assert "pass:word" not in repr(raised.value)


def test_no_password_is_asked_for(server: Server, postgres: Cluster) -> None:
    bare = SecretStr(open_part(server.address()))
    with pytest.raises(CommandFailed, match="no password supplied"):
        programs_of(postgres).run("psql", ["--command=SELECT 1"], bare)


def test_the_open_part_holds_no_secret() -> None:
    address = SecretStr("postgresql://shop:s3cret@db:5433/shop?sslpassword=key&sslmode=require")
    assert open_part(address, host="localhost", port=None).split() == [
        *("user=shop", "dbname=shop", "host=localhost", "port=5433", "sslmode=require")
    ]


def test_the_password_file_is_private_and_escaped() -> None:
    with password_file(r"a:b\c ") as descriptor:
        path = Path(f"/proc/self/fd/{descriptor}")
        assert path.read_bytes() == rb"*:*:*:*:a\:b\\c " + b"\n"
        assert stat.S_IMODE(os.fstat(descriptor).st_mode) == 0o600
        assert stat.S_ISREG(os.fstat(descriptor).st_mode)
    assert pgpass("plain") == b"*:*:*:*:plain\n"
