"""Who sits at the keyboard, as far as the machine knows."""

from __future__ import annotations

import getpass

from engine.errors import Refused


def named(by: str) -> str:
    """Return the name given, else the login name; raise `Refused` where there is neither."""
    given = " ".join(by.split())
    if given:
        return given
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        pass
    raise Refused("it is not known who you are", hint="Say it with --by NAME.")
