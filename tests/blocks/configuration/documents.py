"""A document that is good, and ways to spoil it."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blocks.configuration import read
from domain.errors import ConfigurationError

APPLICATION: dict[str, Any] = {
    "name": "shop/production",
    "platform": {
        "kind": "processes",
        "folder": "/var/lib/shop",
        "slots": {
            "blue": {
                "command": ["serve"],
                "cwd": "/srv/shop",
                "address": "http://127.0.0.1:8001",
                "env": {"URL": "${DB_URL}"},
            },
            "green": {"command": ["serve"], "cwd": "/srv/shop", "address": "http://127.0.0.1:8002"},
        },
        "router": {"kind": "caddy_file", "file": "/run/shop/active", "address": "http://127.0.0.1:8000"},
    },
    "health": {"kind": "http", "path": "/health", "expect": {"status": [200, 204]}},
    "checks": [{"kind": "websocket", "name": "chat"}],
    "database": {"kind": "postgresql", "url": "${DB_URL}"},
    "policy": {"preset": "aldeia", "watch_s": 60},
    "channels": [{"kind": "logfile", "path": "/var/log/shop"}],
}
DB_URL = "postgresql://shop:hunter2@db/shop"

Write = Callable[..., Path]


def changed(*path: int | str, to: Any = None, remove: bool = False) -> dict[str, Any]:
    """The application with one place changed or removed."""
    application = copy.deepcopy(APPLICATION)
    place: Any = application
    for part in path[:-1]:
        place = place[part]
    if remove:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return application


def refused(*files: Path) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read(files)
    assert caught.value.exit_code == 2
    assert "hunter2" not in str(caught.value)
    return caught.value
