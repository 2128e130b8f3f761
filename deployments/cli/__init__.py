"""The `backout` command."""

import sys

INTERRUPTED = 130
"""What a shell gives for a program that ended by Ctrl-C."""


def main() -> None:
    """Run the command line. It is loaded here, so that Ctrl-C meanwhile ends in a line and not in a trace."""
    try:
        from deployments.cli.app import main as run
    except KeyboardInterrupt:
        sys.stderr.write("interrupted before anything was begun\n")
        sys.exit(INTERRUPTED)
    run()
