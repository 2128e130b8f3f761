"""`python -m examples.mvp_011 up`: the application and its deployment API in the foreground; see README.md."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import httpx
import yaml

from examples.mvp_011.application import Fault
from examples.mvp_011.server import TOKEN, ApiFault, Front, serve
from examples.mvp_011.stack import entry

RELEASES = ("1.0.0", "1.1.0")
SHOWN = """\
MVP-011 is up at {url}, files in {folder}
  curl {url}/deployment/status
  python -m examples.mvp_011 deploy 1.2.0 --fault errors --url {url}
  backout apply {file}
Ctrl-C ends it."""


def up(folder: Path, port: int) -> None:
    """Two good releases, the newer one serving; until Ctrl-C."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        front = Front(folder, port, os.environ.get(TOKEN))
    except OSError as error:
        sys.exit(f"port {port} cannot be used: {error.strerror}; choose another with --port")
    url = f"http://127.0.0.1:{front.server_address[1]}"
    file = folder / "backout.yaml"
    token = {"token": f"${{{TOKEN}}}"} if front.token else {}
    file.write_text(yaml.safe_dump({"applications": [entry(url, **token)]}, sort_keys=False))
    if front.environments.current is None:
        for version in RELEASES:
            front.environments.deploy(version, Fault.NONE)
    print(SHOWN.format(url=url, folder=folder, file=file), flush=True)
    serve(front)


def deploy(url: str, version: str, fault: str) -> None:
    """A release, as a CI would bring it."""
    token = os.environ.get(TOKEN)
    answer = httpx.post(
        f"{url}/deployment/deploy",
        json={"version": version, "fault": fault},
        headers={"Authorization": f"Bearer {token}"} if token else {},
        timeout=30,
        trust_env=False,
    )
    print(answer.text)


def main() -> None:
    """One of the commands."""
    parser = argparse.ArgumentParser(prog="python -m examples.mvp_011", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    started = commands.add_parser("up", help="start it, in the foreground")
    started.add_argument("--folder", type=Path, help="where it keeps its files; default: a new one")
    started.add_argument("--port", type=int, default=8080, help="0: any free one")
    deployed = commands.add_parser("deploy", help="bring a release")
    deployed.add_argument("version")
    deployed.add_argument("--fault", choices=list(Fault), default=Fault.NONE)
    deployed.add_argument("--url", default="http://127.0.0.1:8080")
    spoiled = commands.add_parser("spoil", help="make the API's next rollback go wrong")
    spoiled.add_argument("fault", choices=list(ApiFault))
    spoiled.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.command == "up":
        up(arguments.folder or Path(tempfile.mkdtemp(prefix="mvp-011-")), arguments.port)
    elif arguments.command == "deploy":
        deploy(arguments.url, arguments.version, arguments.fault)
    else:
        (arguments.folder / "api-fault").write_text(arguments.fault)


if __name__ == "__main__":
    main()
