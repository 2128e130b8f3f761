"""NotesHub's frontend: `python -m examples.noteshub.frontend --port N`; it shows the version that `.env.production` names.

It reads that file once, when it starts, as a frontend that is built with it does.
"""

from __future__ import annotations

import argparse
import os
from http import HTTPStatus
from pathlib import Path

from blocks.environment_text import values
from examples.noteshub.server import Answer, Requests, serve


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description="NotesHub's frontend")
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    version = values(Path(os.environ["ENVIRONMENT_FILE"]).read_text())["APP_VERSION"]

    def answer(_method: str, path: str, _body: bytes) -> Answer:
        if path == "/":
            return HTTPStatus.OK, {"page": "NotesHub", "version": version}
        return HTTPStatus.NOT_FOUND, {"detail": "there is no such page"}

    serve(Requests(answer), port)


if __name__ == "__main__":
    main()
