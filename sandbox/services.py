"""Where the keys go of services that call another system (`sandbox.callers`)."""

from __future__ import annotations

from sandbox.kinds import STAFF, Item, Placement, Workload, placed

PLACEMENTS: tuple[Placement, ...] = (
    *placed("odoo-demo", "odoo-sync-secrets", ODOO_API_KEY="odoo_demo.api_key"),
    *placed("matrix", "housekeeper-secrets", MATRIX_TOKEN="matrix.admin_token"),
)

_IMAGES = "registry.planapulse.com/plana"

WORKLOADS: tuple[Workload, ...] = (
    Workload(
        "odoo-demo", "Deployment", "odoo-sync", 1, f"{_IMAGES}/odoo-sync:0.6.2", "odoo-sync-secrets"
    ),
    Workload(
        "matrix",
        "Deployment",
        "housekeeper",
        1,
        f"{_IMAGES}/matrix-housekeeper:1.2.0",
        "housekeeper-secrets",
    ),
)

ITEMS: tuple[Item, ...] = (
    Item("Odoo API key", "odoo_demo.api_key", STAFF, "odoo-sync", "https://odoo.planapulse.com"),
    Item(
        "Matrix admin token",
        "matrix.admin_token",
        STAFF,
        "housekeeper",
        "https://matrix.planapulse.com",
    ),
)
