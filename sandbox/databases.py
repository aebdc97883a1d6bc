"""What signs in to PostgreSQL: one service with two login roles of its own, and two that share a role."""

from __future__ import annotations

from sandbox.kinds import ADMINS, STAFF, Item, Placement, Workload, placed

_REGISTRY = "registry.planapulse.com/plana"
_URI = "postgresql://pg01.plana.internal"

PLACEMENTS: tuple[Placement, ...] = (
    *placed("pulse-events", "events-secrets", DATABASE_URL="pulse_events.database_url"),
    *placed("pulse-account", "account-secrets", DB_PASSWORD="plana.postgres_password"),
    *placed("plana-erp", "erp-secrets", DB_PASSWORD="plana.postgres_password"),
)

WORKLOADS: tuple[Workload, ...] = (
    Workload(
        "pulse-events",
        "Deployment",
        "events-api",
        2,
        f"{_REGISTRY}/events-api:3.1.0",
        "events-secrets",
    ),
    Workload(
        "pulse-account",
        "Deployment",
        "account-api",
        2,
        f"{_REGISTRY}/account-api:6.2.3",
        "account-secrets",
    ),
    Workload("plana-erp", "StatefulSet", "erp", 1, f"{_REGISTRY}/erp:19.0.4", "erp-secrets"),
)

ITEMS: tuple[Item, ...] = (
    Item("pulse-events database URL", "pulse_events.database_url", STAFF, "pulse_events_a", _URI),
    Item("PostgreSQL plana role", "plana.postgres_password", ADMINS, "plana", _URI),
)
