"""FlappyJournal, started and deployed with one command each: `python -m examples.flappyjournal up`."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from blocks.hosts.local import Local
from examples.demo.ports import free_ports
from examples.flappyjournal.deploying import deploy, record
from examples.flappyjournal.images import FAULTS, STAND_IN, Version
from examples.flappyjournal.settings import PORTS, PUBLIC_IMAGES
from examples.flappyjournal.stack import DeployStopped, Stack
from examples.flappyjournal.staging import stage

FOLDER = Path.home() / ".local/share/flappyjournal"
LOCAL_BASE = "backout-base:bookworm"
APPLICATION = "flappyjournal/production"


def images(base: str | None) -> dict[str, str]:
    """The public images; on a base of one's own, the stand-in in the place of all of them."""
    if base is None:
        return PUBLIC_IMAGES
    return dict.fromkeys(PUBLIC_IMAGES, STAND_IN) | {"STAND_IN_BASE": base}


def up(arguments: argparse.Namespace) -> None:
    """Build, start, and say what to do next."""
    base = arguments.base or (LOCAL_BASE if _has(LOCAL_BASE) else None)
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True)) if arguments.free_ports else PORTS
    stack = Stack.new(arguments.folder.resolve(), arguments.project, images(base), ports)
    stack.up()
    shell = stack.folder / "environment"
    shell.touch(mode=0o600)
    shell.write_text(
        "".join(f"export {name}={shlex.quote(value)}\n" for name, value in stack.environment.items())
    )
    print(
        f"{stack.version('blue')} serves from blue, {stack.version('green')} stands in green: {stack.address}"
    )
    print(f"next:  . {shell}; backout apply {stack.configuration_file}; backout status {APPLICATION}")


def deploy_release(arguments: argparse.Namespace) -> None:
    """A release for the idle slot."""
    stack = Stack.attach(arguments.folder.resolve())
    version = Version(arguments.version, arguments.fault, arguments.migration)
    slot = deploy(stack, version, force=arguments.force)
    print(f"{version.name} serves from {slot}: {stack.address}")
    if arguments.record:
        record(stack, slot, arguments.record)


def stage_release(arguments: argparse.Namespace) -> None:
    """A release for staging, and its tests there; exits 1 where they fail."""
    version = Version(arguments.version, arguments.fault, arguments.migration)
    failed = stage(Stack.attach(arguments.folder.resolve()), version)
    if failed:
        sys.exit(f"{version.name} fails on staging: {', '.join(failed)}")
    print(f"{version.name} passes on staging: backout promote {APPLICATION}")


def down(arguments: argparse.Namespace) -> None:
    """Remove all of it."""
    Stack.attach(arguments.folder.resolve()).down()


def main() -> None:
    """One command; exits 1 where a deployment was stopped."""
    parser = argparse.ArgumentParser(prog="python -m examples.flappyjournal", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"where it stands (default: {FOLDER})")
    commands = parser.add_subparsers(required=True)
    start = commands.add_parser("up", help="build and start everything")
    start.add_argument("--project", default="deploy", help="the compose project's name")
    start.add_argument("--base", help="build all images on this one (Debian 12 with Python), and pull none")
    start.add_argument(
        "--free-ports", action="store_true", help="any free ports, not the ones of backout.yaml"
    )
    start.set_defaults(run=up)
    staging = commands.add_parser("stage", help="build a release, and test it on staging")
    _describe_release(staging)
    staging.set_defaults(run=stage_release)
    release = commands.add_parser("deploy", help="a release into the idle slot, and traffic to it")
    _describe_release(release)
    release.add_argument("--force", action="store_true", help="give it the traffic though it is not healthy")
    release.add_argument("--record", metavar="APP", help="then `backout record APP VERSION --slot SLOT`")
    release.set_defaults(run=deploy_release)
    commands.add_parser("down", help="remove everything").set_defaults(run=down)
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
    except DeployStopped as stopped:
        sys.exit(f"stopped: {stopped}; traffic stays where it was")


def _describe_release(command: argparse.ArgumentParser) -> None:
    command.add_argument("version")
    command.add_argument("--fault", choices=FAULTS, default="none", help="what is wrong with it")
    command.add_argument(
        "--migration", action="store_true", help="it renames a column that older releases need"
    )


def _has(image: str) -> bool:
    return Local().run(["docker", "image", "inspect", "--format", "-", image]).exit_code == 0


if __name__ == "__main__":
    main()
