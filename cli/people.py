"""Who sits at the keyboard, as far as the machine knows."""

from __future__ import annotations

import getpass

from cli.credential import gateway_of, subject_at
from cli.server import door
from engine.errors import Refused
from engine.ledger import identity


def asking(by: str) -> str:
    """Return who the gateway says you are, where you have signed in there; else as `named`.

    Raises `Refused` if you say that you are somebody else.
    """
    known = subject_at(gateway_of(door().address()))
    if known:
        refuse_another(known, by)
    return known or named(by)


def refuse_another(known: str, by: str) -> None:
    """Raise `Refused` if somebody whom the gateway knows says that they are another."""
    if by and identity(known) != identity(by):
        raise Refused(f"the gateway knows you as {known}, not as {by}", hint="Leave --by out.")


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
