"""Signing in: prelogin and the two grants (Vaultwarden 1.37.2, api/identity.rs)."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from sandbox.vaultwarden.errors import body_object, refusal
from sandbox.vaultwarden.limits import Limit
from sandbox.vaultwarden.tokens import LIFETIME, issue_token

if TYPE_CHECKING:
    from sandbox.routes import Call, Routes
    from sandbox.vaultwarden.accounts import Account
    from sandbox.vaultwarden.vault import Vault

_DEVICE = ("device_identifier", "device_name", "device_type")
_UNKNOWN = {"kdf": 0, "kdfIterations": 600_000, "kdfMemory": None, "kdfParallelism": None}


class Identity:
    """The routes under `/identity`."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        rates = vault.rates
        self._limit = Limit(
            vault.clock, rates.login_burst, rates.login_seconds, "Too many login requests"
        )

    def mount(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add("POST", "/identity/accounts/prelogin", self._prelogin)
        routes.add("POST", "/identity/accounts/prelogin/password", self._prelogin)
        routes.add("POST", "/identity/connect/token", self._token)

    def _prelogin(self, call: Call) -> Response:
        account = self._vault.account_by_email(str(body_object(call).get("email", "")))
        return JSONResponse(_kdf(account) if account else _UNKNOWN)

    def _token(self, call: Call) -> Response:
        form = {_plain(name): value for name, value in call.form().items()}
        match form.get("grant_type", ""):
            case "client_credentials":
                return self._by_api_key(form)
            case "password":
                return self._by_password(form)
            case "refresh_token":
                _check_present(form, "refresh_token")
                raise refusal("Unable to refresh login credentials: Invalid token")
            case other:
                raise refusal(f"Invalid type: {other}")

    def _by_api_key(self, form: dict[str, str]) -> Response:
        _check_present(form, "client_id", "client_secret", "scope", *_DEVICE)
        self._limit.check()
        if form["scope"] != "api":
            raise refusal("Scope not supported")
        kind, _, user_id = form["client_id"].partition(".")
        if kind != "user":
            raise refusal("Malformed client_id")
        account = self._vault.accounts.get(user_id)
        if account is None:
            raise refusal("Invalid client_id")
        if not account.enabled:
            raise refusal("This user has been disabled (API key login)")
        if not _equal(account.api_key, form["client_secret"]):
            raise refusal("Incorrect client_secret")
        return self._grant(account, form, "api")

    def _by_password(self, form: dict[str, str]) -> Response:
        if self._vault.sso_only:
            raise refusal("SSO sign-in is required")
        _check_present(form, "client_id", "password", "scope", "username", *_DEVICE)
        self._limit.check()
        if form["scope"] != "api offline_access":
            raise refusal("Scope not supported")
        account = self._vault.account_by_email(form["username"])
        if account is None or not _equal(account.password_hash, form["password"]):
            raise refusal("Username or password is incorrect. Try again")
        if not account.enabled:
            raise refusal("This user has been disabled")
        return self._grant(account, form, "api offline_access")

    def _grant(self, account: Account, form: dict[str, str], scope: str) -> Response:
        device = form["device_identifier"]
        with self._vault.lock:
            account.devices.add(device)
            self._vault.counts["logins"] += 1
        token = issue_token(self._vault, account, device, scope)
        return JSONResponse(
            {
                "access_token": token,
                "expires_in": LIFETIME,
                "token_type": "Bearer",
                "Key": account.akey,
                "PrivateKey": account.private_key,
                **{name[0].upper() + name[1:]: value for name, value in _kdf(account).items()},
                "ResetMasterPassword": False,
                "ForcePasswordReset": False,
                "scope": scope,
                "AccountKeys": account_keys(account),
                "UserDecryptionOptions": _decryption_options(account),
            }
        )


def account_keys(account: Account) -> dict[str, Any]:
    """Return the account's key pair in the newer form that clients read."""
    pair = {
        "wrappedPrivateKey": account.private_key,
        "publicKey": account.public_key_text(),
        "Object": "publicKeyEncryptionKeyPair",
    }
    return {"publicKeyEncryptionKeyPair": pair, "Object": "privateKeys"}


def _decryption_options(account: Account) -> dict[str, Any]:
    kdf = account.kdf
    unlock = {
        "Kdf": {
            "KdfType": kdf.kind,
            "Iterations": kdf.iterations,
            "Memory": kdf.memory,
            "Parallelism": kdf.parallelism,
        },
        "MasterKeyEncryptedUserKey": account.akey,
        "MasterKeyWrappedUserKey": account.akey,
        "Salt": account.email,
    }
    options = {"HasMasterPassword": True, "MasterPasswordUnlock": unlock}
    return {**options, "Object": "userDecryptionOptions"}


def _kdf(account: Account) -> dict[str, Any]:
    kdf = account.kdf
    return {
        "kdf": kdf.kind,
        "kdfIterations": kdf.iterations,
        "kdfMemory": kdf.memory,
        "kdfParallelism": kdf.parallelism,
    }


def _plain(name: str) -> str:
    known = {"deviceidentifier", "devicename", "devicetype", "clientid", "clientsecret"}
    lower = name.replace("_", "").lower()
    if lower not in known:
        return name
    return next(
        f"{word}_{lower[len(word) :]}" for word in ("device", "client") if lower.startswith(word)
    )


def _check_present(form: dict[str, str], *names: str) -> None:
    for name in names:
        if not form.get(name):
            raise refusal(f"{name} cannot be blank")


def _equal(stored: str | None, given: str) -> bool:
    return stored is not None and hmac.compare_digest(stored.encode(), given.encode())
