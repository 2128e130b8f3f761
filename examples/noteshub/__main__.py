"""`python -m examples.noteshub up`: NotesHub in one folder; see README.md for what to try."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from blocks.home import close_to_others
from examples.demo.ports import free_ports
from examples.noteshub.configurations import CHECKOUT
from examples.noteshub.deploying import deploy, next_slot, serving_slot
from examples.noteshub.release import Fault, Release
from examples.noteshub.stack import DATABASE_VARIABLE, DEFAULT_PORTS, Stack

APPLICATION = "noteshub/production"
FIRST, SECOND = Release("1.2.1"), Release("1.2.2")
NEXT = """\
NotesHub stands at {address}: {serving}. Next:
  . {folder}/environment
  backout serve                                      # in a terminal of its own, with the same environment
  backout apply {folder}/backout.yaml
  python -m examples.noteshub record                 # what was deployed before Backout was there
  python -m examples.noteshub deploy 1.2.3 --fault errors
  backout rollback {application} --reason "uploads fail"
  python -m examples.noteshub build 1.2.4
  backout deploy {application} 1.2.4
Stop it with: python -m examples.noteshub down
"""


def main() -> None:
    """Exits 1 with one line where something cannot be done."""
    given = _arguments()
    try:
        COMMANDS[given.command](given)
    except (OSError, TimeoutError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m examples.noteshub", description="NotesHub, to try Backout on"
    )
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument(
        "version", nargs="?", default="1.2.3", help="of `deploy`, `build` and `spoil` (default: 1.2.3)"
    )
    default = Path(tempfile.gettempdir()) / f"noteshub-{os.geteuid()}"
    parser.add_argument("--folder", type=Path, default=default, help=f"default: {default}")
    parser.add_argument("--free-ports", action="store_true", help="any free ports, for a second stack")
    parser.add_argument("--fault", type=Fault, default=Fault.NONE, choices=list(Fault))
    parser.add_argument(
        "--renames", action="store_true", help="the release renames a column the older ones need"
    )
    return parser.parse_args()


def up(given: argparse.Namespace) -> None:
    """Start all, with 1.2.1 and 1.2.2 deployed one after the other."""
    given.folder.mkdir(parents=True, exist_ok=True)
    # PostgreSQL's own user must be able to pass through where we are root.
    close_to_others(given.folder, 0o711 if os.geteuid() == 0 else 0o700)
    ports = dict(zip(DEFAULT_PORTS, free_ports(len(DEFAULT_PORTS)), strict=True))
    stack = Stack(given.folder, ports if given.free_ports else None)
    stack.start(FIRST.version)
    try:
        deploy(stack, FIRST, next_slot(stack))
        stack.start_nginx()
        deploy(stack, SECOND, next_slot(stack))
    except BaseException:
        stack.stop()
        raise
    serving = serving_slot(stack)
    print(NEXT.format(address=stack.address, serving=f"{serving} serves {SECOND.version}", folder=stack.folder,
                      application=APPLICATION))  # fmt: skip


def down(given: argparse.Namespace) -> None:
    """Stop all and remove the folder."""
    Stack.attach(given.folder).remove()


def deploy_release(given: argparse.Namespace) -> None:
    """The deployment flow, and its record."""
    stack = Stack.attach(given.folder)
    slot, release = next_slot(stack), Release(given.version, given.fault, given.renames)
    deploy(stack, release, slot, looked=lambda share: print(f"{share} % to {slot}"))
    _record(stack, release, slot)


def build(given: argparse.Namespace) -> None:
    """What a CI does before `backout deploy`: the release's folder, with its migrations; no slot is touched."""
    folder = Release(given.version, given.fault, given.renames).lay_out(Stack.attach(given.folder).releases)
    print(f"{folder} is there: backout deploy {APPLICATION} {given.version}")


def spoil(given: argparse.Namespace) -> None:
    """A release that was deployed goes bad from now on."""
    Release(given.version).spoil(Stack.attach(given.folder).releases, given.fault)


def record(given: argparse.Namespace) -> None:
    """Tell Backout of what stood before it: each release served once, the serving one now."""
    stack = Stack.attach(given.folder)
    held = {slot: Release.of(stack.slot_link(slot)) for slot in stack.slots if stack.slot_link(slot).exists()}
    for slot, release in sorted(held.items(), key=lambda item: item[1].version):
        _record(stack, release, slot)


def _record(stack: Stack, release: Release, slot: str) -> None:
    """As a deploy script calls it: `backout record`."""
    argv = [sys.executable, "-m", "deployments.cli", "record", APPLICATION, release.version, "--slot", slot,
            "--schema", release.schema_version]  # fmt: skip
    own = {DATABASE_VARIABLE: stack.database_url, "BACKOUT_HOME": str(stack.folder / "backout")}
    subprocess.run(argv, check=True, cwd=CHECKOUT, env={**os.environ, **own})


COMMANDS = {
    "up": up,
    "down": down,
    "deploy": deploy_release,
    "build": build,
    "spoil": spoil,
    "record": record,
}

if __name__ == "__main__":
    main()
