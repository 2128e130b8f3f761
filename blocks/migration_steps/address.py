"""A database's address as migration tools take it: a URL."""

from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr


def as_url(address: SecretStr, scheme: str) -> SecretStr:
    """A conninfo as `scheme://user:password@host:port/database`; a socket's folder and all else follow a `?`."""
    parts = {name: str(value) for name, value in conninfo_to_dict(address.get_secret_value()).items()}
    user, password = parts.pop("user", ""), parts.pop("password", "")
    host, port, database = parts.pop("host", ""), parts.pop("port", ""), parts.pop("dbname", "")
    if host.startswith("/"):
        host, parts = "", {"host": host, **parts}
        parts |= {"port": port} if port else {}
        port = ""
    who = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    place = f"[{host}]" if ":" in host else host
    options = f"?{urlencode(parts, quote_via=quote)}" if parts else ""
    return SecretStr(
        f"{scheme}://{who}{'@' if who else ''}{place}{f':{port}' if port else ''}/{quote(database, safe='')}{options}"
    )
