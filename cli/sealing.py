"""A value on its way from a person to the engine: read without echo, and sealed at once."""

from __future__ import annotations

import getpass
import sys
import warnings
from pathlib import Path

from pydantic import SecretStr

from cli.screen import is_asked
from engine.errors import Refused
from engine.sealing import MAX_ARMOUR, seal_for

LONGEST = MAX_ARMOUR // 2
"""Bytes of a value, so that its armour is still accepted."""


def sealed_value(recipient: str) -> str:
    """Read a value and return its armour for the engine; raise `Refused` for none or a bad key."""
    key = public_key(recipient)
    return seal_for(key, read_value())


def public_key(given: str) -> str:
    """Return the engine's public key: as given, from a file, or from the platform's settings."""
    if not given:
        from adapters.platform import open_platform

        return open_platform().seal().recipient
    if given.startswith("age1"):
        return given
    try:
        lines = Path(given).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError):
        lines = []
    keys = [line for line in lines if line.startswith("age1")]
    if len(keys) == 1:
        return keys[0]
    raise Refused(
        f"{given} is neither an age public key nor a file that holds one",
        hint="A public key starts with age1; `runbook keygen` prints it.",
    )


def read_value() -> SecretStr:
    """Read a value twice from a terminal without echo, or once from a pipe.

    From a pipe one line break at the end is taken off. Raises `Refused` for an empty value, one
    that is too long or no UTF-8, or two that differ.
    """
    value = _typed() if is_asked() else _piped()
    if not value.get_secret_value():
        raise Refused("the value is empty", hint="Type it, or pipe it into standard input.")
    if len(value.get_secret_value().encode()) > LONGEST:
        raise Refused(f"the value is longer than {LONGEST} bytes")
    return value


def _typed() -> SecretStr:
    first = _ask("Value (not shown): ")
    second = _ask("Once more: ")
    if first.get_secret_value() != second.get_secret_value():
        raise Refused("the two values differ", hint="Start again and paste it both times.")
    return first


def _ask(prompt: str) -> SecretStr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return SecretStr(getpass.getpass(prompt))
    except getpass.GetPassWarning:
        pass
    raise Refused(
        "this terminal would show what you type", hint="Pipe the value into standard input."
    )


def _piped() -> SecretStr:
    if sys.stdin is None:
        return SecretStr("")
    try:
        return SecretStr(sys.stdin.buffer.read().decode().removesuffix("\n"))
    except UnicodeDecodeError:
        pass
    raise Refused("the value is not UTF-8 text")
