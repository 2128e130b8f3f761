"""Addresses as URLs say what the conninfo said."""

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import SecretStr

from blocks.migration_steps.address import as_url

ADDRESSES: list[dict[str, str]] = [
    {"host": "db", "port": "6432", "user": "shop", "password": "a b:c@d/e%\\'", "dbname": "shop"},
    {"host": "/run/post gres", "port": "5433", "user": "shop", "dbname": "shop & co"},
    {"host": "::1", "dbname": "shop", "sslmode": "verify-full", "options": "-c search_path=a,b"},
    {"host": "db", "dbname": "shop"},
]


@pytest.mark.parametrize("parts", ADDRESSES)
def test_libpq_reads_the_same_from_it(parts: dict[str, str]) -> None:
    url = as_url(SecretStr(make_conninfo("", **parts)), "postgresql")
    assert conninfo_to_dict(url.get_secret_value()) == parts


def test_a_driver_is_named() -> None:
    url = as_url(SecretStr("host=db dbname=shop"), "postgresql+psycopg")
    assert url.get_secret_value() == "postgresql+psycopg://db/shop"
