"""An empty database that sorts text as another one does."""

from typing import Any, LiteralString

from psycopg import sql

from blocks.postgres.server import Connection

TRAITS: LiteralString = """
    SELECT to_jsonb(d), pg_encoding_to_char(d.encoding), pg_get_userbyid(d.datdba), t.spcname
    FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = %s
"""


def create_empty(connection: Connection, name: str, like: str, *, same_owner: bool) -> None:
    """With the encoding and the locale of `like`; where `like` is lost, with the server's own.

    `same_owner`: also with its owner and tablespace; else it belongs to whoever makes it.
    """
    row: tuple[Any, ...] | None = connection.execute(TRAITS, [like]).fetchone()
    options = [] if row is None else [*_sorting(row[0], row[1]), *(_place(*row[2:]) if same_owner else [])]
    query = sql.SQL("CREATE DATABASE {} TEMPLATE template0 {}")
    connection.execute(query.format(sql.Identifier(name), sql.SQL(" ").join(options)))


def _sorting(traits: dict[str, Any], encoding: str) -> list[sql.Composable]:
    wanted = {"ENCODING": encoding, "LC_COLLATE": traits["datcollate"], "LC_CTYPE": traits["datctype"]}
    locale = traits.get("datlocale") or traits.get("daticulocale")
    if traits.get("datlocprovider") == "i":
        wanted |= {"LOCALE_PROVIDER": "icu", "ICU_LOCALE": locale}
    if traits.get("datlocprovider") == "b":
        wanted |= {"LOCALE_PROVIDER": "builtin", "BUILTIN_LOCALE": locale}
    return [sql.SQL("{} {}").format(sql.SQL(key), sql.Literal(value)) for key, value in wanted.items()]


def _place(owner: str, tablespace: str) -> list[sql.Composable]:
    # Who names the default tablespace needs rights on it that others do not have.
    names = {"OWNER": owner} | ({} if tablespace == "pg_default" else {"TABLESPACE": tablespace})
    return [sql.SQL("{} {}").format(sql.SQL(key), sql.Identifier(value)) for key, value in names.items()]
