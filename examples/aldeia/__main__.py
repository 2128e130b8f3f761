"""Aldeia, started and deployed with one command each: `python -m examples.aldeia up`."""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from blocks.hosts.local import Local
from examples.aldeia.history import FAULTS
from examples.aldeia.stack import BASE, FOLDER, Stack, build_base

HOME = Path.home() / ".local/share/aldeia"
LOCAL_BASE = "backout-base:bookworm"
APPLICATION = "aldeia/production"


def up(arguments: argparse.Namespace) -> None:
    """Build, start, and say what to do next."""
    folder: Path = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    stack = Stack.new(folder, arguments.project, build_base(arguments.base or _base())).start()
    shell, file = folder / "environment", folder / "backout.yaml"
    shell.touch(mode=0o600)
    shell.write_text(
        "".join(f"export {name}={shlex.quote(value)}\n" for name, value in stack.variables().items())
    )
    shutil.copy(FOLDER / "backout.yaml", file)
    print(f"{stack.health()['version']} serves: {stack.address}; its checkout is {stack.checkout}")
    print(f"next:  . {shell}; backout apply {file}; backout status {APPLICATION}")


def deploy(arguments: argparse.Namespace) -> None:
    """A new release, as the team deploys it: commit, tag, build, start. It does not look whether that is well."""
    stack = Stack.attach(arguments.folder.resolve())
    stack.repository.release(arguments.tag, "" if arguments.fault == "none" else arguments.fault)
    stack.deploy(answers=False)
    print(f"{arguments.tag} is started: {stack.address}")
    if arguments.record:
        argv = [
            sys.executable,
            "-m",
            "deployments.cli",
            "record",
            arguments.record,
            arguments.tag,
            "--slot",
            arguments.tag,
        ]
        subprocess.run(argv, cwd=FOLDER.parents[1], check=True)


def release(arguments: argparse.Namespace) -> None:
    """A new release, as the team's CI leaves it for `backout deploy`: tagged and tested, and started by nobody."""
    stack = Stack.attach(arguments.folder.resolve())
    before = stack.repository.git("rev-parse", "HEAD")
    stack.repository.release(arguments.tag, "" if arguments.fault == "none" else arguments.fault)
    stack.repository.git("checkout", "--quiet", before)
    stack.tested()
    print(f"next:  backout deploy {APPLICATION} {arguments.tag}")


def down(arguments: argparse.Namespace) -> None:
    """Remove its containers, volumes and images; the folder stays."""
    Stack.attach(arguments.folder.resolve()).stop()


def main() -> None:
    """One command."""
    parser = argparse.ArgumentParser(prog="python -m examples.aldeia", description=__doc__)
    parser.add_argument("--folder", type=Path, default=HOME, help=f"where it stands (default: {HOME})")
    commands = parser.add_subparsers(required=True)
    start = commands.add_parser("up", help="build and start everything")
    start.add_argument("--project", default="aldeia", help="the compose project's name")
    start.add_argument("--base", help=f"build all images on this one, a Debian 12 (default: {BASE})")
    start.set_defaults(run=up)
    new = commands.add_parser("deploy", help="a new release in the place of the one that serves, by hand")
    new.add_argument("tag")
    new.add_argument("--fault", choices=["none", *FAULTS], default="none", help="what is wrong with it")
    new.add_argument("--record", metavar="APP", help="then `backout record APP TAG`")
    new.set_defaults(run=deploy)
    ready = commands.add_parser(
        "release", help="a new release for `backout deploy`: tagged and tested, not started"
    )
    ready.add_argument("tag")
    ready.add_argument("--fault", choices=["none", *FAULTS], default="none", help="what is wrong with it")
    ready.set_defaults(run=release)
    commands.add_parser("down", help="remove everything").set_defaults(run=down)
    arguments = parser.parse_args()
    arguments.run(arguments)


def _base() -> str:
    found = Local().run(["docker", "image", "inspect", "--format", "-", LOCAL_BASE])
    return LOCAL_BASE if found.exit_code == 0 else BASE


if __name__ == "__main__":
    main()
