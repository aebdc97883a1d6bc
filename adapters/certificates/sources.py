"""The four places a certificate may be read from, each returning its bytes."""

from __future__ import annotations

import base64
import socket
import ssl
from pathlib import Path

from pydantic import ValidationError

from adapters.platform import Platform
from adapters.shared.checkout import open_checkout
from adapters.shared.cluster import open_cluster
from adapters.sops import SopsLocation
from adapters.sops.program import open_sops
from adapters.sops.values import held_value
from engine.catalogue import Certificate, SecretKey, SopsPlace
from engine.errors import Refused, Transient

LOOKER = "certificates"
"""What the look calls itself where a run would give its id; it makes no branch."""
SECONDS = 10.0
LARGEST = 1024 * 1024
"""Bytes. A chain has a few thousand."""
_CORRECT = "Correct the place in the catalogue."
_ANOTHER = (
    "If it wants a certificate of whoever asks, name another place in the catalogue: `kubernetes`, "
    "`sops` or `file`."
)


def fetch(platform: Platform, entry: Certificate) -> tuple[bytes, str]:
    """Return the bytes and where they are from; raise `Refused` or `Transient` if they are not there."""
    if entry.sops is not None:
        return _from_sops(platform, entry.sops), f"{entry.sops.file} at {entry.sops.path}"
    if entry.kubernetes is not None:
        at = entry.kubernetes
        return _from_cluster(platform, at), f"Secret {at.namespace}/{at.secret} at {at.key}"
    if entry.tls:
        return _from_endpoint(entry.tls), entry.tls
    path = platform.settings.catalogue.parent / entry.file
    return _from_file(path), str(path)


def fetch_slot(platform: Platform, slot: str) -> tuple[bytes, str]:
    """Return the bytes of one slot and where they are from; raises as `fetch` does.

    There are none where main has no value for it.
    """
    place = platform.catalogue.secrets[slot].sops
    return _held(platform, _located(place)) or b"", f"{slot} in {place.file}"


def _from_sops(platform: Platform, place: SopsPlace) -> bytes:
    at = _located(place)
    held = _held(platform, at)
    if held is None:
        raise Refused(f"main has nothing at {at}", hint=_CORRECT)
    return held


def _held(platform: Platform, at: SopsLocation) -> bytes | None:
    sops = open_sops(platform.settings.sops)
    with open_checkout(platform.settings.git, LOOKER) as checkout:
        value = held_value(sops, checkout, checkout.main, at)
    return None if value is None else value.get_secret_value().encode()


def _located(place: SopsPlace) -> SopsLocation:
    try:
        return SopsLocation.model_validate(place.model_dump())
    except ValidationError as error:
        wrong = "; ".join(each["msg"] for each in error.errors(include_input=False))
    raise Refused(wrong, hint=_CORRECT)


def _from_cluster(platform: Platform, at: SecretKey) -> bytes:
    with open_cluster(platform.settings.kubernetes) as cluster:
        found = cluster.get(f"/api/v1/namespaces/{at.namespace}/secrets/{at.secret}")
    try:
        return base64.b64decode(((found or {}).get("data") or {})[at.key], validate=True)
    except (KeyError, ValueError, TypeError):
        pass  # raised below, since the error may hold the data
    raise Refused(f"there is no {at.key} in Secret {at.namespace}/{at.secret}", hint=_CORRECT)


def _from_file(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(LARGEST)
    except OSError as error:
        reason = error.strerror
    raise Refused(f"{path} cannot be read: {reason}", hint="Correct `file` in the catalogue.")


def _from_endpoint(address: str) -> bytes:
    """Return what the endpoint presents. It is not verified, as it is looked at and not trusted."""
    host, _, port = address.rpartition(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((host, int(port)), timeout=SECONDS) as line,
            context.wrap_socket(line, server_hostname=host) as shaken,
        ):
            presented = shaken.getpeercert(binary_form=True)
    except ssl.SSLError as error:
        reason, hint = f"the handshake ended with {error.reason or 'no reason'}", _ANOTHER
    except (OSError, OverflowError, UnicodeError) as error:
        reason, hint = type(error).__name__, "Look whether it answers."
    else:
        if presented:
            return presented
        reason, hint = "it presents no certificate", _ANOTHER
    raise Transient(f"{address} showed no certificate: {reason}", hint=hint)
