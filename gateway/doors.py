"""How somebody is known: a bearer token, a session of the browser, or headers of a trusted proxy.

A request with a bearer token is judged by it alone, so a bad one does not fall back on a cookie.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from adapters.gateway import GatewaySettings, Role
from gateway import tokens
from gateway.addresses import is_within, where_from
from gateway.identity import Identity, Unknown, roles_of
from gateway.limits import Limits
from gateway.store import Held, Store

SESSION = "session"
PROXY_SECRET = "x-runbook-proxy-secret"  # noqa: S105 - the name of a header
TOUCH_EVERY = 30
"""Seconds between two notes that a session is in use."""


@dataclass(frozen=True)
class Doors:
    """The ways in that the settings open."""

    settings: GatewaySettings
    store: Store
    proxy_secret: SecretStr | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; `__Host-` keeps other hosts from setting it."""
        return "__Host-runbook" if self.settings.url.startswith("https://") else "runbook"

    def identify(self, headers: Mapping[str, str], peer: str, *, is_use: bool = True) -> Identity:
        """Return who asks; raise `Unknown` with what to do about it, `TooMany` for many guesses.

        `is_use` is false where somebody is only looked at again, which keeps no session alive.
        """
        given = headers.get("authorization", "")
        if given:
            scheme, _, token = given.partition(" ")
            if scheme.lower() != "bearer":
                raise Unknown("only bearer tokens are taken")
            return self._by_token(token.strip(), self.where_from(headers, peer))
        by_proxy = self._by_proxy(headers, peer)
        if by_proxy is not None:
            return by_proxy
        session = cookie(headers, self.cookie)
        if session:
            return self._by_session(session, is_use=is_use)
        raise Unknown("sign in first")

    def where_from(self, headers: Mapping[str, str], peer: str) -> str:
        """Return under which key a request from this peer is counted."""
        return where_from(peer, headers, self.settings.forwarders)

    def _by_token(self, token: str, where: str) -> Identity:
        held = self.store.find(tokens.KIND, token.removeprefix(tokens.PREFIX))
        if held is None or not token.startswith(tokens.PREFIX):
            self.limits.wrong.take(where)
            raise Unknown("this token is not known, or its time is over: `runbook login`")
        told, groups = held.told, tuple(held.told["groups"])
        machine = told.get("role")
        roles = {Role(machine)} if machine else roles_of(groups, self.settings.roles)
        signed_in = int(told.get("signed_in", 0))
        return Identity(told["subject"], "token", groups, frozenset(roles), signed_in, held.ends)

    def _by_session(self, secret: str, *, is_use: bool) -> Identity:
        held = self.store.find(SESSION, secret)
        idle = self.settings.session_idle.total_seconds()
        now = self.store.now()
        if held is None or held.seen + idle < now:
            raise Unknown("your session is over: reload the page to sign in")
        if is_use and now - held.seen > TOUCH_EVERY:
            self.store.touch(SESSION, secret)
        return self.of_session(held)

    def of_session(self, held: Held) -> Identity:
        """Return whose session this is."""
        told, groups = held.told, tuple(held.told["groups"])
        roles = roles_of(groups, self.settings.roles)
        signed_in = int(told["signed_in"])
        return Identity(told["subject"], "oidc", groups, roles, signed_in, held.ends, True)

    def _by_proxy(self, headers: Mapping[str, str], peer: str) -> Identity | None:
        """Return whom a trusted proxy names; None where the request is not from one."""
        settings, sent = self.settings, headers.get(PROXY_SECRET, "")
        if self.proxy_secret is None or not sent or not is_within(peer, settings.proxy_peers):
            return None
        wanted = self.proxy_secret.get_secret_value()
        if not hmac.compare_digest(sent.encode(), wanted.encode()):
            return None
        subject = headers.get(settings.proxy_subject_header.lower(), "").strip()
        if not subject:
            return None
        listed = headers.get(settings.proxy_groups_header.lower(), "")
        parts = (part.strip() for part in listed.split(settings.proxy_groups_separator))
        groups = tuple(part for part in parts if part)
        return Identity(subject, "proxy", groups, roles_of(groups, settings.roles), is_ambient=True)


def cookie(headers: Mapping[str, str], name: str) -> str:
    """Return one cookie; empty where there is none, or where it is sent twice."""
    pairs = (part.strip().partition("=") for part in headers.get("cookie", "").split(";"))
    found = [value for key, _, value in pairs if key == name]
    return found[0] if len(found) == 1 else ""
