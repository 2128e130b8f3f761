"""Jarvis, started and deployed with one command each: `python -m examples.jarvis up`."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path

from blocks.hosts.local import Local
from domain.errors import CommandFailed
from examples.jarvis.account import write_kubeconfig
from examples.jarvis.deploying import APPLICATION, BLUE_GREEN, deploy, deploy_to_idle, record
from examples.jarvis.release import FAULTS, Version
from examples.jarvis.stack import BASE, FOLDER, IMAGE, REPLICAS, Stack, build_image, build_version

HOME = Path.home() / ".local/share/jarvis"
LOCAL_BASE = "backout-base:bookworm"


def up(arguments: argparse.Namespace) -> None:
    """Build, start, and say what to do next."""
    image = arguments.image or build_image(arguments.base or _base())
    if arguments.kind:
        Local().check(["kind", "load", "docker-image", image, "--name", arguments.kind])
    folder: Path = arguments.folder.resolve()
    more = {"host": arguments.host} if arguments.host else {}
    stack = Stack.new(folder, arguments.namespace, image, replicas=arguments.replicas, **more)
    stack.kubectl.run("create", "namespace", arguments.namespace)
    stack.lay_out().start().start_blue_green()
    shell, file = folder / "environment", folder / "backout.yaml"
    shell.touch(mode=0o600)
    shell.write_text(
        "".join(f"export {name}={shlex.quote(value)}\n" for name, value in stack.variables().items())
    )
    # The drill's commands need what this command has: the interpreter beside Backout.
    file.write_text((FOLDER / "backout.yaml").read_text().replace("[python3,", f"[{sys.executable},"))
    print(f"{stack.about()['version']} serves: {stack.address}; blue/green: {stack.live_address}")
    print(f"next:  . {shell}; backout apply {file}; backout status {APPLICATION}")


def deploy_release(arguments: argparse.Namespace) -> None:
    """A new release, in place or into the idle colour."""
    stack = Stack.attach(arguments.folder.resolve())
    version = Version(arguments.version, arguments.fault or "")
    slot, application = version.name, APPLICATION
    if arguments.blue_green:
        slot, application = deploy_to_idle(stack, version), BLUE_GREEN
    else:
        deploy(stack, version)
    print(f"{version.name} is deployed: {stack.live_address if arguments.blue_green else stack.address}")
    if not arguments.no_record:
        record(stack, arguments.record or application, version, slot)


def build_release(arguments: argparse.Namespace) -> None:
    """A release's image, where the cluster finds it: what a CI does before `backout deploy`."""
    stack = Stack.attach(arguments.folder.resolve())
    image = build_version(stack.settings["image"], Version(arguments.version, arguments.fault or ""))
    if arguments.kind:
        Local().check(["kind", "load", "docker-image", image, "--name", arguments.kind])
    print(f"{image} is there: backout deploy {BLUE_GREEN} {arguments.version}")


def configure(arguments: argparse.Namespace) -> None:
    """A change of the ConfigMap."""
    values = dict(pair.split("=", 1) for pair in arguments.values)
    Stack.attach(arguments.folder.resolve()).configure(**values)


def renew(arguments: argparse.Namespace) -> None:
    """A new token for Backout."""
    stack = Stack.attach(arguments.folder.resolve())
    write_kubeconfig(stack.kubectl, stack.kubeconfig)


def down(arguments: argparse.Namespace) -> None:
    """Remove its namespace and its folder; the image stays."""
    Stack.attach(arguments.folder.resolve()).stop()


def main() -> None:
    """One command; exits 1 where a deployment was stopped."""
    parser = argparse.ArgumentParser(prog="python -m examples.jarvis", description=__doc__)
    home = Path(os.environ.get("JARVIS_FOLDER") or HOME)
    parser.add_argument("--folder", type=Path, default=home, help=f"its own files (default: {home})")
    commands = parser.add_subparsers(required=True)
    _describe_up(commands.add_parser("up", help="build the image and start everything"))
    image = commands.add_parser("build", help="a release's own image, for `backout deploy`")
    image.add_argument("version")
    image.add_argument("--fault", choices=FAULTS, help="what is wrong with it")
    image.add_argument("--kind", metavar="CLUSTER", help="load it into this cluster of kind")
    image.set_defaults(run=build_release)
    release = commands.add_parser("deploy", help="a new release, and `backout record`")
    release.add_argument("version")
    release.add_argument("--fault", choices=FAULTS, help="what is wrong with it")
    release.add_argument("--blue-green", action="store_true", help="into the idle colour, and traffic to it")
    release.add_argument("--no-record", action="store_true", help="do not tell Backout")
    release.add_argument("--record", metavar="APP", help="as this application, not as the example's own")
    release.set_defaults(run=deploy_release)
    change = commands.add_parser("configure", help="change the ConfigMap, and restart the API")
    change.add_argument("values", nargs="+", metavar="KEY=VALUE")
    change.set_defaults(run=configure)
    commands.add_parser("renew", help="a new token for Backout").set_defaults(run=renew)
    commands.add_parser("down", help="remove everything").set_defaults(run=down)
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
    except CommandFailed as failed:
        sys.exit(f"stopped: {failed}")


def _describe_up(start: argparse.ArgumentParser) -> None:
    start.add_argument("--namespace", default="production", help="made by this command (default: production)")
    start.add_argument("--replicas", type=int, default=REPLICAS, help=f"of the API (default: {REPLICAS})")
    start.add_argument("--base", help=f"build the image on this one, a Debian 12 (default: {BASE})")
    start.add_argument(
        "--image",
        help=f"use this one, which the cluster can pull, and build none (default: {IMAGE}, built here)",
    )
    start.add_argument("--kind", metavar="CLUSTER", help="load the image into this cluster of kind")
    start.add_argument(
        "--host", help="where the cluster's node ports answer (default: the first node's own address)"
    )
    start.set_defaults(run=up)


def _base() -> str:
    found = Local().run(["docker", "image", "inspect", "--format", "-", LOCAL_BASE])
    return LOCAL_BASE if found.exit_code == 0 else BASE


if __name__ == "__main__":
    main()
