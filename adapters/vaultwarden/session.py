"""Being signed in: one session for each account and process, kept in memory only.

The sign-in is by personal API key (`client_credentials`), which works under SSO_ONLY and sends
nothing derived from the master password (Vaultwarden 1.37.2, identity.rs). Sign-ins are rationed
for all users behind one address, so a session is used until it ends or is refused.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pydantic import SecretStr

from adapters.shared.http import send
from adapters.vaultwarden.crypto import (
    SymmetricKey,
    WrongKey,
    decrypt,
    decrypt_wrapped,
    load_private_key,
)
from adapters.vaultwarden.kdf import derive_master_key, parse_kdf, stretch
from adapters.vaultwarden.settings import Credentials
from adapters.vaultwarden.wire import WHAT, Record, message_of, record_of, text
from engine.errors import OutcomeUnknown, Refused, Transient

LINUX_CLI = "25"
DEVICE_NAME = "runbook engine"
LOGIN_SECONDS = 60.0
"""After so long one more sign-in is let through, once ten were in a row (config.rs of 1.37.2:
`login_ratelimit_seconds`); its 429 does not say so."""
MARGIN = 60.0
"""Seconds before the end of a token at which it is not used any more."""
OK = 200


@dataclass(frozen=True)
class Session:
    """A signed-in account with its key pair open."""

    access_token: SecretStr
    ends_at: float
    """On the monotonic clock."""
    private_key: RSAPrivateKey = field(repr=False)

    def unwrap(self, wrapped: str, what: str) -> SymmetricKey:
        """Open a key that was encrypted to this account."""
        return SymmetricKey.parse(decrypt_wrapped(self.private_key, wrapped, what))


_sessions: dict[Credentials, Session] = {}
_lock = threading.Lock()


def session(http: httpx.Client, credentials: Credentials) -> Session:
    """Return the session of this process for an account, signing in if there is none.

    Raises `Refused` with what is wrong about the account, `Transient` when there is no answer.
    """
    with _lock:
        known = _sessions.get(credentials)
        if known is None or known.ends_at <= time.monotonic():
            known = _sessions[credentials] = _sign_in(http, credentials)
        return known


def forget(credentials: Credentials) -> None:
    """Drop the session of an account, so that the next use signs in again."""
    with _lock:
        _sessions.pop(credentials, None)


def _sign_in(http: httpx.Client, credentials: Credentials) -> Session:
    asked_at = time.monotonic()
    response = _request_token(http, credentials)
    if response.status_code != OK:
        raise _refusal(response, credentials)
    reply = {name.lower(): value for name, value in record_of(response, "sign in").items()}
    lifetime = reply.get("expires_in")
    return Session(
        access_token=SecretStr(text(reply, "access_token")),
        ends_at=asked_at + (lifetime if isinstance(lifetime, int) else 0) - MARGIN,
        private_key=_open_account(reply, credentials),
    )


def _request_token(http: httpx.Client, credentials: Credentials) -> httpx.Response:
    try:
        return send(
            http,
            "POST",
            "/identity/connect/token",
            what=WHAT,
            busy=LOGIN_SECONDS,
            data={
                "grant_type": "client_credentials",
                "client_id": credentials.client_id,
                "client_secret": credentials.client_secret.get_secret_value(),
                "scope": "api",
                "deviceType": LINUX_CLI,
                "deviceIdentifier": credentials.device,
                "deviceName": DEVICE_NAME,
            },
        )
    except OutcomeUnknown as error:
        lost = Transient(error.message, hint="A sign-in can be repeated; try again.")
    raise lost


def _open_account(reply: Record, credentials: Credentials) -> RSAPrivateKey:
    if not reply.get("key"):
        raise Refused(
            f"the vaultwarden account of {credentials.email} has no master password yet",
            hint="Sign in once in the web vault with that account and set one.",
        )
    kdf = parse_kdf(
        *(reply.get(name) for name in ("kdf", "kdfiterations", "kdfmemory", "kdfparallelism"))
    )
    master_key = derive_master_key(kdf, credentials.master_password, credentials.email)
    try:
        raw = decrypt(stretch(master_key), text(reply, "key"), "the user key")
    except WrongKey:
        raw = None
    if raw is None:
        raise Refused(
            f"the master password does not open the vaultwarden account of {credentials.email}",
            hint="Check vaultwarden.master_password_file, and that vaultwarden.email is the "
            "account's present address.",
        )
    der = decrypt(SymmetricKey.parse(raw), text(reply, "privatekey"), "the private key")
    return load_private_key(der)


def _refusal(response: httpx.Response, credentials: Credentials) -> Refused:
    """Tell the refusals apart by the words of identity.rs, without quoting them."""
    said = message_of(response).lower()
    if "disabled" in said:
        return Refused(
            f"the vaultwarden account of {credentials.email} is disabled",
            hint="Enable it on the server's admin page, if it was not disabled on purpose.",
        )
    if "client_secret" in said:
        return Refused(
            f"vaultwarden does not accept the client secret of {credentials.client_id}",
            hint="Put the present API key of the account into vaultwarden.client_secret_file.",
        )
    if "client_id" in said:
        return Refused(
            f"vaultwarden knows no account {credentials.client_id}",
            hint="Copy vaultwarden.client_id from the account's API key page.",
        )
    return Refused(
        f"vaultwarden refused the sign-in of {credentials.client_id} with {response.status_code}",
        hint="Check vaultwarden.url and the account; the server's log says more.",
    )
