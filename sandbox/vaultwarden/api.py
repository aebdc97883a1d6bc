"""The remaining routes: sync, configuration, liveness, API keys; and the double as a whole."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from sandbox.routes import Call, Routes
from sandbox.vaultwarden.accounts import new_api_key
from sandbox.vaultwarden.admin import Admin
from sandbox.vaultwarden.ciphers import Ciphers
from sandbox.vaultwarden.errors import body_object, not_found, refusal, unauthorized
from sandbox.vaultwarden.identity import Identity
from sandbox.vaultwarden.shapes import cipher_json, collection_json, profile_json, wire_time
from sandbox.vaultwarden.tokens import check_token

if TYPE_CHECKING:
    from sandbox.vaultwarden.vault import Vault


class VaultwardenApi:
    """The whole server over one vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        routes = Routes(missing=not_found)
        routes.add(
            "GET", "/api/ciphers/organization-details", self._organization_details
        )  # before the ids
        for part in (Identity(vault), Ciphers(vault), Admin(vault)):
            part.mount(routes)
        routes.add("GET", "/alive", self._alive)
        routes.add("GET", "/api/alive", self._alive)
        routes.add("GET", "/api/config", self._config)
        routes.add("GET", "/api/sync", self._sync)
        routes.add("GET", "/api/accounts/profile", self._profile)
        routes.add("POST", "/api/accounts/api-key", self._api_key)
        routes.add("POST", "/api/accounts/rotate-api-key", self._rotate_api_key)
        self.answer = routes

    def _alive(self, _: Call) -> Response:
        return JSONResponse(wire_time(self._vault.clock.now()))

    def _config(self, call: Call) -> Response:
        base = f"http://{call.headers.get('host', '')}"
        return JSONResponse(
            {
                "version": "2026.7.0",  # the Bitwarden version that the server says it speaks
                "gitHash": None,
                "server": {
                    "name": "Vaultwarden",
                    "url": "https://github.com/dani-garcia/vaultwarden",
                },
                "settings": {"disableUserRegistration": True},
                "environment": {
                    "vault": base,
                    "api": f"{base}/api",
                    "identity": f"{base}/identity",
                    "notifications": f"{base}/notifications",
                    "sso": "",
                },
                "featureStates": {},
                "object": "config",
            }
        )

    def _sync(self, call: Call) -> Response:
        with self._vault.lock:
            account = check_token(self._vault, call)
            ciphers = [cipher_json(self._vault, account, c) for c in self._vault.ciphers.values()]
            collections = [
                collection_json(self._vault, account, c) for c in self._vault.collections.values()
            ]
            profile = profile_json(self._vault, account)
            self._vault.counts["syncs"] += 1
        domains = None if call.query.get("excludeDomains") == "true" else {"object": "domains"}
        everything: dict[str, Any] = {
            "profile": profile,
            "folders": [],
            "collections": collections,
            "policies": [],
            "ciphers": ciphers,
            "domains": domains,
            "sends": [],
            "object": "sync",
        }
        return JSONResponse(everything)

    def _profile(self, call: Call) -> Response:
        account = check_token(self._vault, call)
        return JSONResponse(profile_json(self._vault, account))

    def _organization_details(self, call: Call) -> Response:
        account = check_token(self._vault, call)
        if not account.is_elevated():
            raise unauthorized()  # plain members may use sync only
        with self._vault.lock:
            data = [cipher_json(self._vault, account, c) for c in self._vault.ciphers.values()]
        return JSONResponse({"data": data, "object": "list", "continuationToken": None})

    def _api_key(self, call: Call) -> Response:
        return self._show_api_key(call, renew=False)

    def _rotate_api_key(self, call: Call) -> Response:
        return self._show_api_key(call, renew=True)

    def _show_api_key(self, call: Call, *, renew: bool) -> Response:
        account = check_token(self._vault, call)
        given = str(body_object(call).get("masterPasswordHash", ""))
        if not hmac.compare_digest(account.password_hash.encode(), given.encode()):
            raise refusal("Invalid password")
        with self._vault.lock:
            if renew or account.api_key is None:
                account.api_key = new_api_key()
        now = wire_time(self._vault.clock.now())
        return JSONResponse({"apiKey": account.api_key, "revisionDate": now, "object": "apiKey"})
