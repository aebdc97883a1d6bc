"""A rehearsal reaches this machine alone: whatever a catalogue or a runbook names stays untouched."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from threading import Lock
from typing import Any

from engine.errors import Refused

_rehearsals = 0
_lock = Lock()
_is_hooked = False


@contextmanager
def loopback_only() -> Iterator[None]:
    """Refuse every connection of this process that would leave the machine, for a while.

    An audit hook of the interpreter sees `socket.connect` of every library, in every thread; one
    cannot be taken away again, so it stays and lets everything pass outside of rehearsals.
    """
    global _rehearsals, _is_hooked  # noqa: PLW0603 - the hook is the interpreter's, and has one switch
    with _lock:
        if not _is_hooked:
            sys.addaudithook(_hear)
            _is_hooked = True
        _rehearsals += 1
    try:
        yield
    finally:
        with _lock:
            _rehearsals -= 1


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if not _rehearsals or event not in {"socket.connect", "socket.getaddrinfo"}:
        return
    host = arguments[1] if event == "socket.connect" else arguments[0]
    name = host[0] if isinstance(host, tuple) else host
    if isinstance(name, str | bytes) and not _is_here(name):
        raise Refused(
            f"a rehearsal does not reach {name!r}: only the sandbox on this machine",
            hint="Let the catalogue or the runbook refer to a fact of the platform instead.",
        )


def _is_here(name: str | bytes) -> bool:
    """Tell whether an address, a host name or the path of a local socket is on this machine."""
    text = name.decode(errors="replace") if isinstance(name, bytes) else name
    if text in {"", "localhost"} or text.startswith(("/", "\0")):
        return True
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False
