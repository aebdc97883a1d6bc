"""Which secret of the infra tree goes where: cluster Secret, consumers, vault item.

This is the sandbox's own map of its world; the catalogue of the project is written apart from it.
"""

from __future__ import annotations

from sandbox import databases, naming, services
from sandbox.kinds import ADMINS, STAFF, Item, Kind, Placement, Workload
from sandbox.kinds import placed as _placed

__all__ = [
    "ADMINS",
    "ITEMS",
    "PLACEMENTS",
    "STAFF",
    "WORKLOADS",
    "Item",
    "Kind",
    "Placement",
    "Workload",
    "namespaces",
]

PLACEMENTS: tuple[Placement, ...] = (
    *_placed(
        "ai-bos-agent",
        "ai-agents-secrets",
        ANTHROPIC_API_KEY="ai_agents.anthropic_api_key",
        OPENROUTER_API_KEY="ai_agents.openrouter_api_key",
    ),
    *_placed("redis", "redis-secrets", REDIS_PASSWORD="redis.password"),
    *_placed(
        "matomo",
        "matomo-secrets",
        MATOMO_DB_PASSWORD="matomo.db_password",
        MATOMO_ADMIN_PASSWORD="matomo.admin_password",
        OIDC_CLIENT_SECRET="matomo.oidc_client_secret",
    ),
    *_placed(
        "pulse-banking",
        "banking-secrets",
        BANK_CLIENT_ID="pulse_banking.new_bank_client_id",
        BANK_CLIENT_SECRET="pulse_banking.new_bank_client_secret",
        PSD2_WEBHOOK_SECRET="pulse_banking.psd2_webhook_secret",
        QWAC_A="pulse_banking.qwac_a",
        QWAC_B="pulse_banking.qwac_b",
        QSEAL_A="pulse_banking.qseal_a",
        QSEAL_B="pulse_banking.qseal_b",
    ),
    *_placed(
        "pulse-website",
        "website-secrets",
        STRIPE_WEBHOOK_SECRET="pulse_website.stripe_webhook_secret",
        STRIPE_SECRET_KEY="pulse_website.stripe_secret_key",
        SESSION_SECRET="pulse_website.session_secret",
    ),
    *_placed("forgejo", "sync-bot-secrets", FORGEJO_TOKEN="forgejo.sync_bot_token"),
    *_placed(
        "penpot",
        "penpot-secrets",
        PENPOT_SECRET_KEY="penpot.secret_key",
        PENPOT_DB_PASSWORD="penpot.db_password",
    ),
    *_placed(
        "monitoring",
        "monitoring-secrets",
        ALERTMANAGER_WEBHOOK_TOKEN="monitoring.alertmanager_webhook_token",
    ),
    *databases.PLACEMENTS,
    *naming.PLACEMENTS,
    *services.PLACEMENTS,
)

_REGISTRY = "registry.planapulse.com"

WORKLOADS: tuple[Workload, ...] = (
    Workload(
        "ai-bos-agent",
        "Deployment",
        "ai-agents",
        2,
        f"{_REGISTRY}/plana/ai-agents:2.14.0",
        "ai-agents-secrets",
    ),
    Workload("redis", "StatefulSet", "redis", 1, "redis:7.4-alpine", "redis-secrets"),
    Workload(
        "redis",
        "Deployment",
        "redis-exporter",
        1,
        "oliver006/redis_exporter:v1.67.0",
        "redis-secrets",
    ),
    Workload("matomo", "Deployment", "matomo", 2, "matomo:5.2-fpm-alpine", "matomo-secrets"),
    Workload(
        "pulse-banking",
        "Deployment",
        "banking-gateway",
        2,
        f"{_REGISTRY}/plana/banking-gateway:4.3.1",
        "banking-secrets",
    ),
    Workload(
        "pulse-website",
        "Deployment",
        "website",
        2,
        f"{_REGISTRY}/plana/website:9.0.2",
        "website-secrets",
    ),
    Workload(
        "forgejo",
        "Deployment",
        "sync-bot",
        1,
        f"{_REGISTRY}/plana/sync-bot:1.8.0",
        "sync-bot-secrets",
    ),
    Workload(
        "penpot", "Deployment", "penpot-backend", 1, "penpotapp/backend:2.4", "penpot-secrets"
    ),
    Workload(
        "monitoring",
        "DaemonSet",
        "alert-relay",
        1,
        f"{_REGISTRY}/plana/alert-relay:1.0.4",
        "monitoring-secrets",
    ),
    *databases.WORKLOADS,
    *naming.WORKLOADS,
    *services.WORKLOADS,
)

_PAIRS = {
    "QWAC, slot A": "pulse_banking.qwac_a",
    "QWAC, slot B": "pulse_banking.qwac_b",
    "QSealC, slot A": "pulse_banking.qseal_a",
    "QSealC, slot B": "pulse_banking.qseal_b",
}

ITEMS: tuple[Item, ...] = (
    *(Item(name, path, STAFF, "plana", "https://qtsp.example") for name, path in _PAIRS.items()),
    Item(
        "Anthropic API key",
        "ai_agents.anthropic_api_key",
        STAFF,
        "ai-agents",
        "https://console.anthropic.com/settings/keys",
    ),
    Item(
        "OpenRouter API key",
        "ai_agents.openrouter_api_key",
        STAFF,
        "ai-agents",
        "https://openrouter.ai/settings/keys",
    ),
    Item("Redis password", "redis.password", STAFF, "default", "redis://redis.redis:6379"),
    Item(
        "Matomo admin password",
        "matomo.admin_password",
        STAFF,
        "admin",
        "https://matomo.planapulse.com",
    ),
    Item(
        "Matomo database password",
        "matomo.db_password",
        STAFF,
        "matomo",
        "https://matomo.planapulse.com",
    ),
    Item(
        "Matomo OIDC client secret",
        "matomo.oidc_client_secret",
        STAFF,
        "matomo",
        "https://auth.planapulse.com",
    ),
    Item(
        "Bank client secret",
        "pulse_banking.new_bank_client_secret",
        STAFF,
        "plana",
        "https://developer.bank.example",
    ),
    Item(
        "PSD2 webhook secret",
        "pulse_banking.psd2_webhook_secret",
        STAFF,
        "plana",
        "https://developer.bank.example",
    ),
    Item(
        "Stripe webhook secret",
        "pulse_website.stripe_webhook_secret",
        STAFF,
        "website",
        "https://dashboard.stripe.com/webhooks",
    ),
    Item(
        "Stripe secret key",
        "pulse_website.stripe_secret_key",
        STAFF,
        "website",
        "https://dashboard.stripe.com/apikeys",
    ),
    Item(
        "Website session secret",
        "pulse_website.session_secret",
        STAFF,
        "website",
        "https://planapulse.com",
    ),
    Item(
        "Forgejo sync bot token",
        "forgejo.sync_bot_token",
        STAFF,
        "sync-bot",
        "https://forgejo.planapulse.com",
    ),
    Item(
        "Penpot secret key", "penpot.secret_key", STAFF, "penpot", "https://penpot.planapulse.com"
    ),
    Item(
        "Penpot database password",
        "penpot.db_password",
        STAFF,
        "penpot",
        "https://penpot.planapulse.com",
    ),
    Item(
        "Alertmanager webhook token",
        "monitoring.alertmanager_webhook_token",
        STAFF,
        "alertmanager",
        "https://alerts.planapulse.com",
    ),
    Item(
        "Grafana admin password",
        "monitoring.grafana_admin_password",
        STAFF,
        "admin",
        "https://grafana.planapulse.com",
    ),
    Item(
        "Plana ERP admin password",
        "plana_erp.admin_password",
        STAFF,
        "admin",
        "https://erp.planapulse.ai",
    ),
    Item(
        "PostgreSQL pg01 admin password",
        "postgresql.pg01_admin_password",
        ADMINS,
        "postgres",
        "postgresql://pg01.planapulse.com",
    ),
    Item(
        "Exoscale API secret", "exoscale.api_secret", ADMINS, "plana", "https://portal.exoscale.com"
    ),
    Item(
        "Vaultwarden admin token",
        "vaultwarden.admin_token",
        ADMINS,
        "admin",
        "https://vault.planapulse.com/admin",
    ),
    *databases.ITEMS,
    *naming.ITEMS,
    *services.ITEMS,
)


def namespaces() -> tuple[str, ...]:
    """Return the namespaces with workloads, each once, in the order they are written here."""
    return tuple(dict.fromkeys(workload.namespace for workload in WORKLOADS))
