"""The script that Backout is compared with, and what is made of the samples."""

import subprocess
from pathlib import Path

import pytest

from benchmarks.emergency import SCRIPT, _medians
from tests.fakes.http_server import HttpServer, Reply


def _run(server: HttpServer, active: Path) -> subprocess.CompletedProcess[str]:
    argv = [str(SCRIPT), f"{server.url}/health", "127.0.0.1:1", str(active), f"{server.url}/users", "1.0"]
    return subprocess.run(argv, check=False, capture_output=True, text=True)


@pytest.mark.parametrize(("status", "dial"), [("healthy", "127.0.0.1:1"), ("sick", "127.0.0.1:2")])
def test_the_script_switches_to_a_healthy_release_only(tmp_path: Path, status: str, dial: str) -> None:
    active = tmp_path / "active"
    active.write_text("127.0.0.1:2")
    with HttpServer() as server:
        server.replies["/health"] = Reply(body={"status": status})
        server.replies["/users"] = Reply(body={"version": "1.0"})
        done = _run(server, active)
    assert active.read_text() == dial
    assert (done.returncode == 0) is (status == "healthy")


def test_it_says_when_each_step_ended(tmp_path: Path) -> None:
    with HttpServer() as server:
        server.replies["/health"] = Reply(body={"status": "healthy"})
        server.replies["/users"] = Reply(body={"version": "1.0"})
        lines = _run(server, tmp_path / "active").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["began", "checked", "switched", "verified"]
    assert lines == sorted(lines, key=lambda line: float(line.split()[1]))


def test_figures_are_medians_by_way_and_phase() -> None:
    samples = [
        {"way": "cli", "round": n, "total": total, "switch": 0.1} for n, total in enumerate([3.0, 1.0, 2.0])
    ]
    assert _medians("cli", [*samples, {"way": "serve", "round": 0, "total": 9.0}]) == {
        "cli_s": 2.0,
        "cli_switch_s": 0.1,
    }
