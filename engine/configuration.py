"""What looks like a secret and is none: said by its names, before it gets into a store.

The test of the platform's own rules: would leaking this give an attacker an action they could not
otherwise take? If yes, it is a secret. If no, it is configuration.

- TLS keys of Let's Encrypt are cert-manager's. It rotates them with each renewal; no human handling.
- URLs, hosts and ports of services are topology.
- Addresses of customers are personal data, and are in the platform's database.

Only names are judged; nobody looks at a value. What holds a credential inside, such as the URL of a
webhook or of a database, is not meant; the host and the port of a database are. Nor is meant what one
of its names calls a password, a token or a key, whoever's mail or host it is for; and firms are called
ACME, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from engine.catalogue import Catalogue, Secret
from engine.findings import Finding
from engine.merging import Part, placed_twice
from engine.runbook import StepSpec
from engine.source import Source
from engine.step import AnyStep

_WORD = re.compile(r"[a-z0-9]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a word begins in `redisUrl` and `baseURL`."""
_CERT_MANAGER = re.compile(r"let\W?s[\W_]*encrypt|cert[\W_]*manager", re.IGNORECASE)
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
_URL = frozenset({"url", "urls", "uri", "uris"})
_ENDPOINT = frozenset({"endpoint", "endpoints"})
_PLACE = _ENDPOINT | {"address", "addresses", "addr", "addrs"}
_TOPOLOGY = _URL | _PLACE | {
    "domain", "domains", "fqdn", "fqdns", "host", "hosts", "hostname", "hostnames", "port", "ports",
}  # fmt: skip
_URL_WITH_CREDENTIAL = frozenset({"connection", "database", "db", "dsn", "smtp"})
_WEBHOOK = frozenset({"webhook", "webhooks"})
_ADDRESS = frozenset({"email", "emails", "emailaddress", "emailaddresses", "mail", "mails"})
_CUSTOMERS = frozenset({"customer", "customers"})
_OF = frozenset({"of", "for"})
"""What stands before them is what a thing is."""
_WHICH = _CUSTOMERS | {
    "a", "b", "backup", "default", "demo", "dev", "external", "internal", "list", "lists", "main",
    "name", "names", "new", "old", "primary", "prod", "production", "public", "secondary", "staging",
    "test", "value", "values",
}  # fmt: skip
"""Words at the end of a name that say which one it is, and not what it is."""
_NUMBER = re.compile(r"v?\d+")
_MAIL_SERVICE = frozenset({
    "hetzner", "imap", "incoming", "mailbox", "mailgun", "mailu", "outgoing", "postfix",
    "postmark", "relay", "sendgrid", "server", "smtp",
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
_CUSTOMER_PLACE = replace(_CUSTOMER, what="it is a customer's address, which is personal data")
_MAIL = replace(
    _CUSTOMER,
    instead=f"{_CUSTOMER.instead} If it is what opens a mail box, call it so, such as "
    "`…_mail_password`, or say in `secret_because` what an attacker could do with it.",
    may_insist=True,
)


def judge(*names: str) -> NotSecret | None:
    """Say why what is called so is no secret; None where nothing speaks against it.

    The first name is the key under which it stands: where that is plainly an address, such as
    `redis.url`, it counts for more than a password in the others that say nothing of the address.
    """
    each = [_words(name) for name in names]
    found = _tls_key(names, each)
    if found is not None:
        return found
    said = {word for words in each for word in words}
    said.update(word for name in names for word in _WORD.findall(name.lower()))
    if not _CREDENTIAL & said:
        return next(filter(None, (_configuration(words, said) for words in each)), None)
    is_with = any(_CREDENTIAL & set(words) and _TOPOLOGY & set(words) for words in each)
    by_key = None if is_with else _configuration(each[0], said)
    return by_key if by_key is _SERVICE else None


def _words(name: str) -> list[str]:
    return _WORD.findall(_HUMP.sub(" ", name).lower())


def _what(words: Sequence[str]) -> list[str]:
    """Return the words up to the one that says what it is: `url` of `website_url_prod`."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word in _OF:
            parts.append([])
        else:
            parts[-1].append(word)
    for part in parts:
        while part and (part[-1] in _WHICH or _NUMBER.fullmatch(part[-1])):
            part.pop()
    return next(filter(None, parts), [])


def _configuration(words: Sequence[str], said: AbstractSet[str]) -> NotSecret | None:
    """Judge one name; `said` are the words of all."""
    what = _what(words)
    if not what:
        return None
    address = _address(what, words)
    if address is not None or what[-1] not in _TOPOLOGY:
        return address
    if _WEBHOOK & said and what[-1] in _URL | _PLACE:
        return None
    return None if _URL_WITH_CREDENTIAL & said and what[-1] in _URL else _SERVICE


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


def _address(what: Sequence[str], words: Sequence[str]) -> NotSecret | None:
    """Judge whether it is somebody's address, by mail or otherwise."""
    last = what[-1]
    if last in _PLACE:
        if _ADDRESS & set(what):
            return _CUSTOMER
        return _CUSTOMER_PLACE if _CUSTOMERS & set(words) and last not in _ENDPOINT else None
    if last not in _ADDRESS:
        return None
    if last.startswith("email") or what[-2:-1] == ["e"]:
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
