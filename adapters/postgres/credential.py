"""A secret as services keep it: a connection URL with role and password in it, or a password alone."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, unquote, urlsplit

from pydantic import Field, SecretStr

from engine.errors import Refused

ROLE_PATTERN = r"^[a-z_][a-z0-9_$]{0,62}$"
"""Names that need no quotes and mean the same everywhere; a DSN would have to escape others."""
RoleName = Annotated[str, Field(pattern=ROLE_PATTERN)]
_URL = re.compile(r"postgres(ql)?(\+[a-z0-9]+)?://")
_HINT = "It must look like postgresql://role:password@host:5432/database, or be a password alone."


@dataclass(frozen=True)
class Credential:
    """What it takes to sign in."""

    role: str
    password: SecretStr
    database: str
    """Empty where the secret does not say it."""


def is_url(value: SecretStr) -> bool:
    """Tell whether a secret is a connection URL."""
    return _URL.match(value.get_secret_value()) is not None


def credential_in(value: SecretStr, role: str = "") -> Credential:
    """Read a secret; `role` is whose password it is, where it says none. Raise `Refused` if unusable."""
    if not is_url(value):
        if role:
            return Credential(role, value, "")
        raise Refused("the secret is no connection URL, and no role is named", hint=_HINT)
    found = _parts(value)
    if found is None:
        raise Refused("the secret is a connection URL that names no role and password", hint=_HINT)
    if role and found.role != role:
        raise Refused(
            f"the secret is of the role {found.role}, not of {role}",
            hint="Look which of them the service uses, and correct the catalogue.",
        )
    return found


def with_login(value: SecretStr, role: str, password: SecretStr) -> SecretStr:
    """Return a connection URL that differs in role and password alone; for a password, the new one."""
    if not is_url(value):
        return password
    credential_in(value)
    parts = urlsplit(value.get_secret_value())
    login = f"{quote(role, safe='')}:{quote(password.get_secret_value(), safe='')}"
    place = parts.netloc.rpartition("@")[2]
    return SecretStr(parts._replace(netloc=f"{login}@{place}").geturl())


def draw_password(size: int) -> SecretStr:
    """Return a fresh password whose letters mean nothing in a URL, a shell or SQL."""
    return SecretStr(secrets.token_hex(size))


def _parts(value: SecretStr) -> Credential | None:
    try:
        parts = urlsplit(value.get_secret_value())
        role, password = unquote(parts.username or ""), unquote(parts.password or "")
    except ValueError:
        return None  # its words would quote the value
    if not (re.fullmatch(ROLE_PATTERN, role) and password):
        return None
    return Credential(role, SecretStr(password), unquote(parts.path.lstrip("/")))
