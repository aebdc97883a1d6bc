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


def sealed_value(recipient: str, file: str = "") -> str:
    """Read a value and return its armour for the engine; raise `Refused` for none or a bad key.

    With `file` the value is exactly what is in it.
    """
    key = public_key(recipient)
    return seal_for(key, read_file(file) if file else read_value())


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
    that is too long or no UTF-8, one of several lines, or two that differ.
    """
    value = _usable(_typed() if is_asked() else _piped())
    if "\n" in value.get_secret_value():
        raise Refused(
            "the value has several lines, and it is not said whether it ends with a line break",
            hint="Name its file, `-` for standard input, and it is sealed exactly as it is there: "
            "`runbook seal --file FILE`, or `runbook approve --value-file FILE`.",
        )
    return value


def read_file(file: str) -> SecretStr:
    """Return what is in a file, `-` for standard input, and change nothing of it.

    Raises `Refused` for a file that cannot be read, an empty one, or one that is too long or no
    UTF-8.
    """
    if file == "-" and is_asked():
        raise Refused("nothing comes by standard input", hint="Pipe the value, or name its file.")
    try:
        raw = _standard_input() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        reason = error.strerror
    else:
        return _usable(_text(raw))
    raise Refused(f"{file} cannot be read: {reason}")


def _usable(value: SecretStr) -> SecretStr:
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
    return SecretStr(_text(_standard_input()).get_secret_value().removesuffix("\n"))


def _standard_input() -> bytes:
    return b"" if sys.stdin is None else sys.stdin.buffer.read()


def _text(raw: bytes) -> SecretStr:
    try:
        return SecretStr(raw.decode())
    except UnicodeDecodeError:
        pass  # raised below, since the error holds the bytes
    raise Refused("the value is not UTF-8 text")
