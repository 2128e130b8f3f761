"""`python -m examples.faults inject TARGET FAULT [--for SECONDS]`, `undo TARGET FAULT`, `list`."""

from __future__ import annotations

import argparse
import sys
import time

from domain.errors import BackoutError
from examples.faults.contract import Fault
from examples.faults.injection import DEFAULT_SECONDS, Faults
from examples.faults.targets import TARGETS


def main() -> int:
    """Run one command; 2 where what was typed cannot be used, 1 where the fault could not be injected or undone."""
    arguments = _parser().parse_args()
    try:
        return _run(arguments)
    except BackoutError as error:
        print(error.what(), error.next_step(), sep="\n", file=sys.stderr)
        return error.exit_code


def _run(arguments: argparse.Namespace) -> int:
    faults = Faults()
    if arguments.command == "inject":
        shown = faults.inject(arguments.target, Fault(arguments.fault), arguments.seconds)
        print(f"{shown.target} has {shown.fault}, for {arguments.seconds:g} s at most")
    elif arguments.command == "undo":
        was = faults.undo(arguments.target, Fault(arguments.fault))
        print(f"{arguments.target}: {arguments.fault} {'is undone' if was else 'was not injected'}")
    else:
        for one in faults.injected():
            print(f"{one.target}  {one.fault}  {max(0.0, one.until - time.time()):.0f} s left")
    return 0


def _parser() -> argparse.ArgumentParser:
    kinds = "; ".join(f"{kind}: {', '.join(target.faults)}" for kind, target in TARGETS.items())
    parser = argparse.ArgumentParser(prog="python -m examples.faults", description=f"Faults. {kinds}")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("inject", "undo"):
        command = commands.add_parser(name)
        command.add_argument("target", metavar="TARGET", help=f"KIND:PLACE, KIND one of {', '.join(TARGETS)}")
        command.add_argument("fault", metavar="FAULT", choices=list(Fault))
        if name == "inject":
            command.add_argument("--for", dest="seconds", type=float, default=DEFAULT_SECONDS)
    commands.add_parser("list")
    return parser


if __name__ == "__main__":
    sys.exit(main())
