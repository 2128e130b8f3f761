"""What belongs to a database's name and not to its data: who may connect, how many, and its settings."""

from typing import Any

import psycopg
from psycopg import sql

from blocks.postgres import marks
from blocks.postgres.server import Connection

OWNER_AND_LIMIT = "SELECT pg_get_userbyid(datdba), datconnlimit FROM pg_database WHERE datname = %s"

GRANTS = """
    SELECT CASE a.grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END, a.privilege_type, a.is_grantable
    FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a WHERE d.datname = %s
"""

SETTINGS = """
    SELECT CASE s.setrole WHEN 0 THEN NULL ELSE pg_get_userbyid(s.setrole) END, split_part(setting, '=', 1),
        substr(setting, strpos(setting, '=') + 1)
    FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) setting
    WHERE d.datname = %s
"""

READ_ONLY = (None, "default_transaction_read_only")
"""Role and name of what a stop of writes sets."""

Setting = tuple[str | None, str, str]
"""Role (None: all), name, value."""


def copy(connections: list[Connection], source: str, target: str) -> list[str]:
    """Give `target` the owner, rights, limit and settings of `source`, in the place of its own.

    Args:
        connections: as the owner first; others are tried for the settings of their own roles.
        source: as people set it: what a stop of ours changed is copied as it was before.
        target: a database that nobody serves from.

    Returns:
        What none of these roles may set, like `log_statement`: the superuser's to copy.
    """
    owner = connections[0]
    _copy_owner_and_limit(owner, source, target)
    _copy_grants(owner, source, target)
    return copy_settings(connections, source, target)


def _copy_owner_and_limit(connection: Connection, source: str, target: str) -> None:
    wanted, limit = connection.execute(OWNER_AND_LIMIT, [source]).fetchone() or ("", -1)
    owned_by, _ = connection.execute(OWNER_AND_LIMIT, [target]).fetchone() or ("", -1)
    limit = marks.read(connection, source).was.get("connection_limit", limit)
    _alter(connection, target, sql.SQL("WITH CONNECTION LIMIT {}").format(sql.Literal(limit)))
    if owned_by != wanted:
        _alter(connection, target, sql.SQL("OWNER TO {}").format(sql.Identifier(wanted)))


def _copy_grants(connection: Connection, source: str, target: str) -> None:
    with connection.transaction():
        revoke = sql.SQL("REVOKE ALL ON DATABASE {} FROM {}")
        for role in {grant[0] for grant in connection.execute(GRANTS, [target]).fetchall()}:
            connection.execute(revoke.format(sql.Identifier(target), _role(role)))
        grant = sql.SQL("GRANT {} ON DATABASE {} TO {}{}")
        for role, privilege, grantable in connection.execute(GRANTS, [source]).fetchall():
            option = sql.SQL(" WITH GRANT OPTION" if grantable else "")
            # The server's own word for a privilege: there is no other way to say it.
            named = sql.SQL(_PRIVILEGES[privilege])
            connection.execute(grant.format(named, sql.Identifier(target), _role(role), option))


_PRIVILEGES = {"CREATE": "CREATE", "CONNECT": "CONNECT", "TEMPORARY": "TEMPORARY"}


def _role(role: str | None) -> sql.Composable:
    return sql.SQL("PUBLIC") if role is None else sql.Identifier(role)


def copy_settings(connections: list[Connection], source: str, target: str) -> list[str]:
    """The settings alone; arguments and answer as for `copy`."""
    wanted, found = _wanted(connections[0], source), _settings(connections[0], target)
    _set_aside(connections[0], target, wanted, found)
    names = {setting[:2] for setting in wanted}
    missing = [setting for setting in wanted if setting not in found]
    superfluous = [setting for setting in found if setting[:2] not in names]
    not_set = [setting for setting in missing if not _changed(connections, target, setting, keep=True)]
    for setting in superfluous:
        # What only a superuser may reset, a superuser had set there: it stays.
        _changed(connections, target, setting, keep=False)
    return [name if role is None else f"{name} of {role}" for role, name, _ in not_set]


def _set_aside(connection: Connection, target: str, wanted: list[Setting], found: list[Setting]) -> None:
    """A restored database is read-only until it is swapped in: the setting it gets then is noted in its mark."""
    mark = marks.read(connection, target)
    if "read_only" not in mark.was:
        return
    value = next((value for role, name, value in wanted if (role, name) == READ_ONLY), None)
    noted = mark.model_copy(update={"was": {**mark.was, "read_only": value}})
    marks.write(connection, target, noted)
    for settings in (wanted, found):
        settings[:] = [setting for setting in settings if setting[:2] != READ_ONLY]


def _wanted(connection: Connection, source: str) -> list[Setting]:
    """The settings as people made them, without what a stop of ours set."""
    was = marks.read(connection, source).was
    settings = _settings(connection, source)
    if "read_only" not in was:
        return settings
    before = was["read_only"]
    kept = [setting for setting in settings if setting[:2] != READ_ONLY]
    return kept if before is None else [*kept, (*READ_ONLY, str(before))]


def _settings(connection: Connection, database: str) -> list[Setting]:
    rows: list[tuple[Any, ...]] = connection.execute(SETTINGS, [database]).fetchall()
    return [(role, name, value) for role, name, value in rows]


def _changed(connections: list[Connection], target: str, setting: Setting, *, keep: bool) -> bool:
    """Set it, or reset it, as the first role that may; False where none may."""
    for connection in connections:
        try:
            _change(connection, target, setting, keep=keep)
        except psycopg.errors.InsufficientPrivilege:
            continue
        return True
    return False


def _change(connection: Connection, target: str, setting: Setting, *, keep: bool) -> None:
    role, name, value = setting
    whose = (
        sql.SQL("DATABASE {}").format(sql.Identifier(target))
        if role is None
        else sql.SQL("ROLE {} IN DATABASE {}").format(sql.Identifier(role), sql.Identifier(target))
    )
    if not keep:
        connection.execute(sql.SQL("ALTER {} RESET {}").format(whose, sql.Identifier(name)))
        return
    with connection.transaction():
        # As the session's own for this transaction: only so a list, like search_path, is taken over as it is.
        connection.execute("SELECT set_config(%s, %s, true)", [name, value])
        connection.execute(sql.SQL("ALTER {} SET {} FROM CURRENT").format(whose, sql.Identifier(name)))


def _alter(connection: Connection, database: str, change: sql.Composable) -> None:
    connection.execute(sql.SQL("ALTER DATABASE {} {}").format(sql.Identifier(database), change))
