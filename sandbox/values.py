"""The secrets of the infra tree: which there are, and fresh realistic values for them."""

from __future__ import annotations

import secrets
import string
from datetime import timedelta
from typing import TYPE_CHECKING

from sandbox.qtsp import pair

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ALPHABET = string.ascii_letters + string.digits
_URL_SAFE = f"{_ALPHABET}-_"


def letters(length: int, alphabet: str = _ALPHABET) -> str:
    """Return random characters of `alphabet`."""
    return "".join(secrets.choice(alphabet) for _ in range(length))


def anthropic_key() -> str:
    """Return a key in the form of the Anthropic console: `sk-ant-api03-...AA`."""
    return f"sk-ant-api03-{letters(93, _URL_SAFE)}AA"


def openrouter_key() -> str:
    """Return a key in OpenRouter's form: `sk-or-v1-` and 64 hex digits."""
    return f"sk-or-v1-{secrets.token_hex(32)}"


def forgejo_token() -> str:
    """Return a token in Forgejo's form: 40 hex digits."""
    return secrets.token_hex(20)


def webhook_secret() -> str:
    """Return a signing secret in Stripe's form: `whsec_` and letters."""
    return f"whsec_{letters(32)}"


def stripe_key() -> str:
    """Return a restricted key in Stripe's form: `rk_live_` and letters."""
    return f"rk_live_{letters(99)}"


def exoscale_key() -> str:
    """Return an IAM key in Exoscale's form: `EXO` and 24 hex digits."""
    return f"EXO{secrets.token_hex(12)}"


def exoscale_secret() -> str:
    """Return the secret of an IAM key in Exoscale's form: 43 letters that are safe in a URL."""
    return letters(43, _URL_SAFE)


def odoo_key() -> str:
    """Return a key in Odoo's form: 160 random bits in hex."""
    return secrets.token_hex(20)


def matrix_token() -> str:
    """Return an access token in the form of the Matrix Authentication Service, for compatibility."""
    return f"mct_{letters(30)}_{letters(6)}"


def _shape(prefix: str, length: int) -> Callable[[], str]:
    return lambda: prefix + letters(length)


def _hex() -> str:
    return secrets.token_hex(32)


def _database_url() -> str:
    place = "pg01.plana.internal:5432/pulse_events?sslmode=verify-full"
    return f"postgresql://pulse_events_a:{secrets.token_hex(32)}@{place}"


_password = _shape("", 32)
_IN_FORCE, _LONG_OVER = timedelta(days=120), timedelta(days=-245)
"""When the two certificates of each kind end, from now on."""

TREE: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "age_key_info": {"escrow_passphrase": _password},
    "ai_agents": {
        "anthropic_api_key": anthropic_key,
        "openrouter_api_key": openrouter_key,
    },
    "authentik": {
        "bootstrap_token": _hex,
        "db_password": _password,
        "google_oauth_client_secret": _shape("GOCSPX-", 28),
    },
    "exoscale": {
        "api_key": exoscale_key,
        "api_secret": exoscale_secret,
        "dns_api_key": exoscale_key,
        "dns_api_secret": exoscale_secret,
    },
    "forgejo": {
        "registry_token": _hex,
        "ssh_key_passphrase": _password,
        "sync_bot_token": forgejo_token,
    },
    "kubernetes": {"etcd_encryption_key": _hex},
    "load_balancer": {"stats_password": _password},
    "mailu_hetzner": {"secret_key": _hex, "admin_password": _password},
    "matomo": {
        "db_password": _password,
        "admin_password": _password,
        "oidc_client_secret": _hex,
    },
    "matrix": {"admin_token": matrix_token, "registration_shared_secret": _hex},
    "monitoring": {"alertmanager_webhook_token": _hex, "grafana_admin_password": _password},
    "odoo_demo": {
        "admin_password": _password,
        "db_password": _password,
        "api_key": odoo_key,
    },
    "penpot": {"secret_key": _hex, "db_password": _password},
    "pgadmin": {"admin_password": _password},
    "plana": {
        "jwt_signing_key": _hex,
        "platform_api_token": _hex,
        "postgres_password": _password,
    },
    "plana_erp": {"admin_password": _password, "api_token": _hex},
    "postgresql": {"pg01_admin_password": _password},
    "pulse_account": {"session_secret": _hex},
    "pulse_banking": {
        "new_bank_client_id": _shape("plana-", 18),
        "new_bank_client_secret": _hex,
        "psd2_webhook_secret": _hex,
        "qwac_a": lambda: pair("qwac", _IN_FORCE),
        "qwac_b": lambda: pair("qwac", _LONG_OVER),
        "qseal_a": lambda: pair("qseal", _IN_FORCE),
        "qseal_b": lambda: pair("qseal", _LONG_OVER),
    },
    "pulse_events": {"ingest_token": _hex, "database_url": _database_url},
    "pulse_website": {
        "stripe_webhook_secret": webhook_secret,
        "stripe_secret_key": stripe_key,
        "session_secret": _hex,
    },
    "ssh": {"deploy_key_passphrase": _password},
    "vaultwarden": {"admin_token": _shape("", 48)},
    "redis": {"password": _hex},
}
"""Categories of the SOPS file, flat, each name with what makes a fresh value for it."""


IDENTIFIERS = frozenset({"exoscale.dns_api_key"})
"""Paths of values that name a credential and open nothing; their providers tell them to anybody."""


def draw_values(chosen: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return every value by its dotted path, the `chosen` ones as given and the rest fresh.

    Raises `ValueError` for a chosen path that the tree does not have.
    """
    values = {
        f"{category}.{name}": make()
        for category, leaves in TREE.items()
        for name, make in leaves.items()
    }
    unknown = sorted(set(chosen or {}) - set(values))
    if unknown:
        message = f"the sandbox tree has no {', '.join(unknown)}; see sandbox.values.TREE"
        raise ValueError(message)
    return {**values, **(chosen or {})}


def nest(values: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return dotted values as the two-level tree that the SOPS file holds."""
    tree: dict[str, dict[str, str]] = {}
    for path, value in values.items():
        category, _, name = path.partition(".")
        tree.setdefault(category, {})[name] = value
    return tree


def flatten(tree: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the two-level tree by dotted paths."""
    return {
        f"{top}.{name}": value for top, leaves in tree.items() for name, value in leaves.items()
    }
