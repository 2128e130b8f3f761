"""What a CI's command does: it tells the deployment API of a release. `bring.py URL FOLDER RELEASE`.

The folder holds the API's `token`, and may hold a `fault` that the release has. Where it holds `wait`, the command waits until
that is gone; it leaves `waiting` there with its process's id.
"""

import json
import os
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

LOOK_S = 0.05
OK = 200


def main(url: str, folder: Path, release: str) -> None:
    """One deployment."""
    if (folder / "wait").exists():
        (folder / "waiting.new").write_text(str(os.getpid()))
        (folder / "waiting.new").rename(folder / "waiting")
    while (folder / "wait").exists():
        time.sleep(LOOK_S)
    fault = folder / "fault"
    body = {"version": release, "fault": fault.read_text() if fault.exists() else "none"}
    headers = {"Authorization": f"Bearer {(folder / 'token').read_text()}"}
    api = HTTPConnection(urlsplit(url).netloc, timeout=30)
    api.request("POST", "/deployment/deploy", json.dumps(body), headers)
    if api.getresponse().status != OK:
        sys.exit("the API took no release")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
