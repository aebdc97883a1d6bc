"""Where a ledger is: the URL as the operator gave it, made sure of, and shown without secrets."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from engine.errors import Refused

SQLITE = "sqlite"
POSTGRESQL = "postgresql"

_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_URI = "file:"
_EXAMPLES = "Set ledger.url to sqlite:////<path>/ledger.db or to postgresql://<role>@<host>/<name>."


def address_of(url: str | URL) -> URL:
    """Return the URL with its driver; raise `Refused` for one that cannot hold a ledger."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        address = None
    if address is None:
        raise Refused("the ledger's URL cannot be read", hint=_EXAMPLES)
    driver = _DRIVERS.get(address.drivername)
    if driver is None:
        raise Refused(f"a ledger cannot be kept on {address.drivername}", hint=_EXAMPLES)
    if driver.startswith(SQLITE) and _is_in_memory(address):
        raise Refused("a ledger in memory would be gone with its program", hint=_EXAMPLES)
    return address.set(drivername=driver)


def from_folder(url: str, folder: Path) -> str:
    """Return the URL with a relative SQLite file made one below `folder`, any other as it is."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        return url  # `address_of` says what is wrong with it
    if not is_sqlite(address) or _is_in_memory(address):
        return url
    name = address.database or ""
    if name.startswith(_URI):
        file = folder / unquote(name.removeprefix(_URI))
        return _spelled(address.set(database=_URI + quote(str(file))))
    return _spelled(address.set(database=str(folder / Path(name).expanduser())))


def is_sqlite(address: URL) -> bool:
    """Tell the two databases apart."""
    return address.get_backend_name() == SQLITE


def shown(address: URL) -> str:
    """Name the place for messages: host, port and database, or the file; never the user's part."""
    if is_sqlite(address):
        return str(address.database)
    host = address.host or _query(address, "host") or "localhost"
    port = f":{address.port}" if address.port else ""
    return f"{host}{port}/{address.database or ''}"


def passwords(address: URL) -> tuple[str, ...]:
    """Return the secrets in the URL, so that they can be struck out of texts by others."""
    given = (address.password, *(_query(address, name) for name in ("password", "sslpassword")))
    return tuple(str(secret) for secret in given if secret)


def _spelled(address: URL) -> str:
    return address.render_as_string(hide_password=False)


def _is_in_memory(address: URL) -> bool:
    database = address.database or ""
    return (
        database in {"", "file:"} or ":memory:" in database or "memory" in _query(address, "mode")
    )


def _query(address: URL, name: str) -> str:
    value = address.query.get(name, "")
    return value if isinstance(value, str) else ",".join(value)
