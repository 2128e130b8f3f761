"""Another process that adds to an incident's journal. Arguments: incident, how many, then where the ledger is kept."""

import sys
from pathlib import Path

from blocks.home import Home
from blocks.ledger import Ledger
from blocks.local_ledger import LocalLedger
from blocks.store import Store

KEY = b"of the tests, of the tests, of t"


def opened(kind: str, *place: str) -> Ledger:
    """`store URL` or `local HOME APPLICATION`."""
    if kind == "store":
        return Store(place[0], KEY)
    return LocalLedger(Home(Path(place[0])), place[1], KEY)


def main() -> None:
    incident, count = sys.argv[1], int(sys.argv[2])
    ledger = opened(*sys.argv[3:])
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    sys.stdin.readline()
    for number in range(count):
        ledger.append(incident, "told", {"by": "child", "number": number})
    ledger.rest()


if __name__ == "__main__":
    main()
