"""A process that takes a backup, to be killed; stdin: the owner's conninfo, the programs' folder, the backups'."""

import sys
from pathlib import Path

from pydantic import SecretStr

from blocks.postgres.programs import Programs
from blocks.postgres.server import Server
from tests.blocks.postgres.shop import taken

if __name__ == "__main__":
    url, programs, folder = sys.stdin.read().splitlines()
    taken(Server(url=SecretStr(url), owner_url=SecretStr(url)), Programs(folder=Path(programs)), Path(folder))
