"""What looks like a secret and is none: said by its names, before it gets into a store.

The test of the platform's own rules: would leaking this give an attacker an action they could not
otherwise take? If yes, it is a secret. If no, it is configuration.

- TLS keys of Let's Encrypt are cert-manager's. It rotates them with each renewal; no human handling.
- URLs, hosts and ports of services are topology.
- Addresses of customers are personal data, and are in the platform's database.

Only names are judged; nobody looks at a value. What holds a credential inside, such as the URL of a
webhook or of a database, is not meant. Neither is what one of its names calls a password, a token or
a key, whoever's mail it is for; and firms are called ACME, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.catalogue import Catalogue, Secret
from engine.findings import Finding
from engine.merging import Part, placed_twice
from engine.runbook import StepSpec
from engine.source import Source
from engine.step import AnyStep

_WORD = re.compile(r"[a-z0-9]+")
_CERT_MANAGER = re.compile(r"let'?s[ _-]?encrypt|cert[ _-]?manager", re.IGNORECASE)
_ACME = frozenset({"acme"})
"""The protocol by which cert-manager gets certificates, and a name of firms."""
_OF_TLS = frozenset({"tls", "ssl", "cert", "certs", "certificate", "certificates"})
_OF_ANYTHING = frozenset({"key", "keys", "private"})
_OTHER_ACCESS = frozenset({"api", "client", "dns", "webhook"})
_NO_TLS_KEY = frozenset({
    "credential", "credentials", "eab", "hmac", "passphrase", "password", "passwords", "token",
    "tokens",
})  # fmt: skip
_CREDENTIAL = _NO_TLS_KEY | {"key", "keys", "pass", "pw", "pwd", "secret", "secrets"}
_TOPOLOGY = frozenset({"url", "uri", "endpoint", "host", "hostname", "port", "fqdn", "domain"})
_WITH_CREDENTIAL = frozenset({"webhook", "webhooks", "database", "db", "dsn", "connection", "smtp"})
_ADDRESS = frozenset({"email", "emails", "mail", "mails"})
_MAIL_SERVICE = frozenset({
    "hetzner", "imap", "incoming", "mailbox", "mailgun", "mailu", "outgoing", "postfix",
    "postmark", "relay", "sendgrid", "server",
})  # fmt: skip
"""Words beside `mail` that say a service is meant and nobody's address."""


@dataclass(frozen=True)
class NotSecret:
    """Why something does not belong into the stores."""

    what: str
    """What it is by its name, in one sentence."""
    instead: str
    """What to do instead, as a full sentence."""
    may_insist: bool
    """Whether the entry may say why it is a secret all the same."""


_TLS = NotSecret(
    "it is a TLS key that cert-manager gets from Let's Encrypt and rotates with each renewal",
    "Leave it to cert-manager, and watch the certificate under `certificates` instead.",
    may_insist=False,
)
_TLS_OF_ACME = replace(
    _TLS,
    instead=f"{_TLS.instead} If ACME is a firm here, say in `secret_because` what an attacker could "
    "do with it.",
    may_insist=True,
)
_SERVICE = NotSecret(
    "it is the address of a service, which is topology and opens nothing to whoever knows it",
    "Put it into the manifests or a ConfigMap. If whoever knows it can do something with it, say "
    "what in `secret_because`.",
    may_insist=True,
)
_CUSTOMER = NotSecret(
    "it is somebody's e-mail address, which is personal data and no secret",
    "Keep it in the platform's database, where it can be erased; git never forgets.",
    may_insist=False,
)


_MAIL = replace(
    _CUSTOMER,
    instead=f"{_CUSTOMER.instead} If it is what opens a mail box, call it so, such as "
    "`…_mail_password`, or say in `secret_because` what an attacker could do with it.",
    may_insist=True,
)


def judge(*names: str) -> NotSecret | None:
    """Say why what is called so is no secret; None where nothing speaks against it."""
    each = [_WORD.findall(name.lower()) for name in names]
    found = _tls_key(names, each)
    if found is not None:
        return found
    is_credential = any(_CREDENTIAL & set(words) for words in each)
    for words in each:
        if not words or _WITH_CREDENTIAL & set(words):
            continue
        if words[-1] in _TOPOLOGY:
            return _SERVICE
        address = None if is_credential else _address(words)
        if address is not None:
            return address
    return None


def _tls_key(names: Sequence[str], each: Sequence[Sequence[str]]) -> NotSecret | None:
    """Judge whether it is a key of Let's Encrypt; all that is said of it counts together."""
    words = set(_WORD.findall(" ".join(_CERT_MANAGER.sub(" ", name) for name in names).lower()))
    is_certain = any(_CERT_MANAGER.search(name) for name in names)
    if not (is_certain or words & _ACME) or words & _NO_TLS_KEY:
        return None
    is_tls, is_other = bool(words & _OF_TLS), bool(words & _OTHER_ACCESS)
    if is_certain:
        return _TLS if is_tls or not is_other else None
    is_its_key = "account" in words or any(_ACME < set(of) <= _ACME | _OF_ANYTHING for of in each)
    return _TLS_OF_ACME if is_tls or (is_its_key and not is_other) else None


def _address(words: Sequence[str]) -> NotSecret | None:
    """Judge whether it is somebody's e-mail address."""
    if words[-1] in {"address", "addresses"}:
        return _CUSTOMER if _ADDRESS & set(words) else None
    if words[-1] not in _ADDRESS:
        return None
    if words[-1].startswith("email") or words[-2:-1] == ["e"]:
        return _CUSTOMER
    return None if _MAIL_SERVICE & set(words) else _MAIL


def objection(name: str, entry: Secret) -> NotSecret | None:
    """Say why a catalogue entry is no secret; None also where it says why it is one."""
    last = entry.sops.path.rpartition(".")[2]
    found = judge(last, name.replace("-", "_"), entry.title, entry.vaultwarden.item)
    if found is not None and found.may_insist and entry.secret_because:
        return None
    return found


def check_catalogue(catalogue: Catalogue, source: Source) -> Iterator[Finding]:
    """Yield a finding for each entry that is no secret, and for each that is there already."""
    yield from placed_twice([Part(catalogue, source)])
    for name, entry in catalogue.secrets.items():
        found = objection(name, entry)
        if found is not None:
            place = source.key_place(("secrets", name))
            yield Finding(place, f"`{name}` is no secret: {found.what}", found.instead)


def check_places(
    steps: Sequence[StepSpec], registry: Mapping[str, AnyStep], source: Source
) -> Iterator[Finding]:
    """Yield a finding for each step that writes to a place whose name is that of no secret."""
    for index, spec in enumerate(steps):
        step = registry.get(spec.uses)
        if step is None or step.store is None:
            continue
        found = judge(*_names(spec.with_.get("at")))
        if found is not None:
            place = source.place(("steps", index, "with", "at"))
            yield Finding(place, f"`{spec.id}` stores no secret: {found.what}", found.instead)


def _names(at: Any) -> Iterator[str]:
    """Yield the names in a place that is written out; a reference is judged with its entry."""
    if isinstance(at, Mapping):
        path, item = at.get("path"), at.get("item")
        if isinstance(path, str):
            yield path.rpartition(".")[2]
        if isinstance(item, str):
            yield item
