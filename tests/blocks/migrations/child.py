"""A process that goes down and can be killed: settings, address and target as JSON on its standard input."""

import json
import sys
from typing import Any

from pydantic import SecretStr

from blocks.adapter import adapter_class
from blocks.migrations.contract import Migrations
from blocks.postgres.server import Server


def main(order: dict[str, Any]) -> None:
    adapter = adapter_class("migrations", order["settings"]["kind"]).model_validate(order["settings"])
    assert isinstance(adapter, Migrations)
    url = SecretStr(order["url"])
    adapter.down(Server(url=url, owner_url=url), order["to"])


if __name__ == "__main__":
    main(json.load(sys.stdin))
