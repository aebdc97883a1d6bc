"""The cipher routes (Vaultwarden 1.37.2, api/core/ciphers.rs), with the traps of the real ones.

PUT replaces the whole cipher: what a client leaves out becomes null, its key too. The check of
`lastKnownRevisionDate` is as weak as it really is: two seconds of grace, and silence when the date
cannot be read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from sandbox.vaultwarden.errors import body_object, refusal
from sandbox.vaultwarden.shapes import cipher_json
from sandbox.vaultwarden.tokens import check_token
from sandbox.vaultwarden.vault import StoredCipher

if TYPE_CHECKING:
    from sandbox.routes import Call, Routes
    from sandbox.vaultwarden.accounts import Account
    from sandbox.vaultwarden.vault import Vault

_LOGIN = 1
_GRACE_SECONDS = 2
_LONGEST_NOTES = 10_000


class Ciphers:
    """Reading, creating, replacing, trashing and restoring ciphers."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def mount(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add("POST", "/api/ciphers/create", self._create)
        routes.add("GET", "/api/ciphers/{key}", self._get)
        routes.add("GET", "/api/ciphers/{key}/details", self._get)
        routes.add("PUT", "/api/ciphers/{key}", self._replace)
        routes.add("POST", "/api/ciphers/{key}", self._replace)
        routes.add("PUT", "/api/ciphers/{key}/delete", self._trash)
        routes.add("PUT", "/api/ciphers/{key}/restore", self._restore)
        routes.add("DELETE", "/api/ciphers/{key}", self._erase)
        routes.add("POST", "/api/ciphers/{key}/delete", self._erase)

    def _get(self, call: Call, key: str) -> Response:
        with self._vault.lock:
            account = check_token(self._vault, call)
            return self._show(account, self._find(key))

    def _create(self, call: Call) -> Response:
        with self._vault.lock:
            account = check_token(self._vault, call)
            body = body_object(call)
            data, collections = body.get("cipher"), body.get("collectionIds") or []
            if not isinstance(data, dict):
                raise refusal("Data missing", 422)
            if data.get("organizationId") != self._vault.organization_id:
                raise refusal("You don't have permission to add item to organization")
            self._check_collections(account, collections)
            now = self._vault.clock.now()
            cipher = StoredCipher(
                self._vault.new_id(), self._vault.organization_id, list(collections), now, now
            )
            _fill(cipher, data, now)
            self._vault.ciphers[cipher.cipher_id] = cipher
            self._count("creates")
            return self._show(account, cipher)

    def _replace(self, call: Call, key: str) -> Response:
        with self._vault.lock:
            account = check_token(self._vault, call)
            data = body_object(call)
            cipher = self._find(key)
            self._check_writable(account, cipher, "Cipher is not write accessible")
            _check_fresh(cipher, data.get("lastKnownRevisionDate"))
            if data.get("organizationId") != cipher.organization_id:
                words = "Organization mismatch. Please resync the client before updating the cipher"
                raise refusal(words)
            _fill(cipher, data, self._vault.clock.now())
            self._count("updates")
            return self._show(account, cipher)

    def _trash(self, call: Call, key: str) -> Response:
        with self._vault.lock:
            cipher = self._deletable(call, key)
            cipher.deleted_at = cipher.updated_at = self._vault.clock.now()
            self._count("trashed")
        return Response(status_code=200)

    def _restore(self, call: Call, key: str) -> Response:
        with self._vault.lock:
            cipher = self._deletable(call, key)
            cipher.deleted_at, cipher.updated_at = None, self._vault.clock.now()
            self._count("restored")
            return self._show(check_token(self._vault, call), cipher)

    def _erase(self, call: Call, key: str) -> Response:
        with self._vault.lock:
            self._deletable(call, key)
            del self._vault.ciphers[key]
            self._count("erased")
        return Response(status_code=200)

    def _deletable(self, call: Call, key: str) -> StoredCipher:
        account = check_token(self._vault, call)
        cipher = self._find(key)
        self._check_writable(account, cipher, "Cipher can't be deleted by user")
        return cipher

    def _find(self, key: str) -> StoredCipher:
        if key not in self._vault.ciphers:
            raise refusal("Cipher doesn't exist")
        return self._vault.ciphers[key]

    def _check_writable(self, account: Account, cipher: StoredCipher, words: str) -> None:
        if not self._vault.may_write(account, cipher):
            raise refusal(words)

    def _check_collections(self, account: Account, collections: list[str]) -> None:
        if not collections:
            raise refusal("You must select at least one collection.")
        for key in collections:
            if key not in self._vault.collections:
                raise refusal("Invalid collection ID provided")
            if self._vault.collections[key].read_only and not account.is_elevated():
                raise refusal("No rights to modify the collection")

    def _show(self, account: Account, cipher: StoredCipher) -> Response:
        return JSONResponse(cipher_json(self._vault, account, cipher))

    def _count(self, what: str) -> None:
        self._vault.counts[what] += 1
        self._vault.counts["writes"] += 1


def _check_fresh(cipher: StoredCipher, known: object) -> None:
    if not isinstance(known, str):
        return
    try:
        moment = datetime.fromisoformat(known)
    except ValueError:
        return  # the real server only logs a date it cannot read
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if (cipher.updated_at - moment).total_seconds() >= _GRACE_SECONDS:
        raise refusal(
            "The client copy of this cipher is out of date. Resync the client and try again."
        )


def _fill(cipher: StoredCipher, data: dict[str, Any], now: datetime) -> None:
    if data.get("type") != _LOGIN or not isinstance(data.get("login"), dict):
        raise refusal("Data missing")
    if not isinstance(data.get("name"), str):
        raise refusal("Data missing", 422)
    if len(data.get("notes") or "") > _LONGEST_NOTES:
        raise refusal(
            "The field Notes exceeds the maximum encrypted value length of 10000 characters."
        )
    cipher.key = data.get("key")
    cipher.name = data["name"]
    cipher.notes = data.get("notes")
    cipher.fields = data.get("fields")
    cipher.data = dict(data["login"])
    cipher.password_history = data.get("passwordHistory")
    cipher.reprompt = data.get("reprompt") or 0
    cipher.updated_at = now
