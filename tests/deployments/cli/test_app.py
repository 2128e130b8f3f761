"""What holds for every command: help, usage errors, errors that nobody foresaw."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deployments.catalog import ROOT
from deployments.cli.app import app
from tests.deployments.cli.shop import COMMAND, Done, Shop, ended

COMMANDS = sorted(
    str(command.name or getattr(command.callback, "__name__", "")) for command in app.registered_commands
)


def backout(*arguments: str, **environ: str) -> Done:
    """A command that needs neither stack nor serve."""
    return ended(
        subprocess.Popen(
            [*COMMAND, *arguments],
            env={**os.environ, **environ},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )


INTERRUPTED = """
import sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
from deployments.cli import main
main()
"""


OF_DATABASE = (
    "status",
    "plan",
    "rehearse",
    "backup",
    "list",
    "verify",
    "restore",
    "swap-back",
    "migrate-down",
)


def test_ctrl_c_while_it_still_loads_is_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 130
    assert done.stderr == "interrupted before anything was begun\n"


def test_the_issues_commands_are_all_there() -> None:
    wanted = "status validate rollback start-backup approve reject report apply init serve demo record schema reconcile"
    assert set(wanted.split()) <= {name.replace("_", "-") for name in COMMANDS}
    groups = {group.name: group.typer_instance for group in app.registered_groups}
    assert sorted(name for name in groups if name) == ["audit", "db", "incidents", "quarantine"]
    of_database = groups["db"].registered_commands if groups["db"] else []
    names = {command.name or getattr(command.callback, "__name__", "") for command in of_database}
    assert names == set(OF_DATABASE)


@pytest.mark.parametrize(
    "command", [*COMMANDS, "audit", "audit verify", *(f"db {name}" for name in OF_DATABASE)]
)
def test_help_says_what_a_command_does(command: str) -> None:
    done = CliRunner().invoke(app, [*command.replace("_", "-").split(), "--help"])
    assert done.exit_code == 0
    assert "Usage:" in done.output


def test_help_of_the_real_command() -> None:
    done = backout("rollback", "--help")
    assert (done.code, done.err) == (0, "")
    assert "--break-glass" in done.out


def test_the_command_line_never_imports_prefect() -> None:
    program = (
        "import sys; import deployments.cli.app; sys.exit([n for n in sys.modules if n.split('.')[0] in"
        " ('prefect', 'matplotlib', 'docker')] and 1 or 0)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["rollback"],
        ["nonsense"],
        ["rollback", "shop/production", "--severity", "awful"],
        ["status", "--nonsense"],
    ],
)
def test_bad_usage_ends_with_2(arguments: list[str]) -> None:
    done = backout(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "Usage:" in done.err


def test_a_script_gets_bad_usage_as_one_json_value() -> None:
    done = backout("rollback", "--json")
    assert done.code == 2
    assert done.json["error"] == "BadUsage"
    assert "APP" in done.json["what"]


def test_what_nobody_foresaw_is_one_sentence_and_a_trace_in_a_file(shop: Shop) -> None:
    file = shop.home.serve_file
    kept = file.read_bytes()
    file.write_text("this is no JSON")
    try:
        done = shop.run("status")
        scripted = shop.run("status", "--json")
    finally:
        file.write_bytes(kept)
    assert done.code == scripted.code == 1
    assert "Traceback" not in done.said
    assert "unexpected JSONDecodeError" in done.err
    log = Path("".join(done.err.split()).partition("thetraceisin")[2].partition(";")[0])
    assert "Traceback" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert scripted.json["error"] == "Unexpected"


def test_a_home_that_cannot_be_written_is_a_sentence_too() -> None:
    done = backout("status", BACKOUT_HOME="/proc/backout")
    assert done.code == 1
    assert "Traceback" not in done.said
    assert "BACKOUT_HOME" in done.said


def test_a_store_url_that_is_none_is_refused_and_not_shown() -> None:
    done = backout("status", BACKOUT_DATABASE_URL="secret-nonsense")
    assert done.code == 2
    assert "BACKOUT_DATABASE_URL: is no PostgreSQL URL" in done.said
    assert "secret-nonsense" not in done.said


def test_a_store_that_is_away_names_the_way_without_it() -> None:
    done = backout("status", "--json", BACKOUT_DATABASE_URL="postgresql://nobody@127.0.0.1:1/backout")
    assert done.code == 1
    assert done.json["error"] == "StoreUnavailable"
    assert "--break-glass" in done.json["next"]


def test_the_schema_is_one_json_value() -> None:
    done = backout("schema")
    assert done.code == 0
    assert "applications" in json.loads(done.out)["properties"]
