"""Access tokens: signed, two hours long, dead as soon as the stamp or the device is gone."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from sandbox.vaultwarden.errors import unauthorized

if TYPE_CHECKING:
    from sandbox.routes import Call
    from sandbox.vaultwarden.accounts import Account
    from sandbox.vaultwarden.vault import Vault

LIFETIME = 7200
"""Seconds (Vaultwarden 1.37.2, auth.rs)."""


def issue_token(vault: Vault, account: Account, device: str, scope: str) -> str:
    """Return an access token for an account on a device."""
    now = int(vault.clock.now().timestamp())
    claims = {
        "nbf": now,
        "exp": now + LIFETIME,
        "iss": "sandbox|login",
        "sub": account.user_id,
        "premium": True,
        "name": account.name,
        "email": account.email,
        "email_verified": True,
        "sstamp": account.security_stamp,
        "device": device,
        "scope": scope.split(),
        "amr": ["Application"],
    }
    head = _encode(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
    signed = f"{head}.{_encode(json.dumps(claims).encode())}"
    return f"{signed}.{_sign(vault, signed)}"


def check_token(vault: Vault, call: Call) -> Account:
    """Return the account behind the bearer token; refuse with 401 if it is not good now."""
    claims = _claims(vault, call.bearer() or "")
    account = vault.accounts.get(claims.get("sub", ""))
    now = vault.clock.now().timestamp()
    if (
        account is None
        or not account.enabled
        or not claims["nbf"] - 1 <= now < claims["exp"]
        or claims["sstamp"] != account.security_stamp
        or claims["device"] not in account.devices
    ):
        raise unauthorized()
    return account


def _claims(vault: Vault, token: str) -> dict[str, Any]:
    signed, _, signature = token.rpartition(".")
    if not signed or not hmac.compare_digest(signature.encode(), _sign(vault, signed).encode()):
        raise unauthorized()
    body = signed.partition(".")[2]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def _sign(vault: Vault, text: str) -> str:
    return _encode(hmac.new(vault.token_key, text.encode(), hashlib.sha256).digest())


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
