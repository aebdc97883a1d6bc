"""Which runbook is offered where a value has to be replaced: none that puts one where none is."""

from __future__ import annotations

import pytest

from adapters.platform import Platform
from adapters.standing import rotations_of, runbooks_for
from cli.shelf import open_shelf
from demo.stage import ROOT


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Platform:
    """The shipped runbooks."""
    monkeypatch.chdir(ROOT)
    return open_shelf()


@pytest.mark.parametrize(
    ("secret", "runbook"),
    [
        ("redis-password", "rotate-api-key"),
        ("events-database-url", "rotate-postgres-role"),
        ("plana-postgres-password", "rotate-postgres-shared-role"),
        ("tpp-qwac-a", "renew-tpp-certificates"),
        ("forgejo-sync-bot-token", "rotate-forgejo-token"),
        ("odoo-api-key", "rotate-odoo-api-key"),
        ("matrix-admin-token", "rotate-matrix-admin-token"),
        ("psd2-client-secret", "rotate-psd2-client-secret"),
        ("exoscale-dns-key", "rotate-exoscale-key"),
        ("alertmanager-webhook-token", "rotate-provided-secret"),
        ("grafana-admin-password", "rotate-stored-secret"),
    ],
)
def test_a_secret_is_rotated_by_the_one_runbook_that_replaces_it(
    shelf: Platform, secret: str, runbook: str
) -> None:
    assert [each.runbook for each in rotations_of(shelf, secret)] == [runbook]


def test_every_secret_has_a_runbook_and_none_begins_one(shelf: Platform) -> None:
    offered = {name: rotations_of(shelf, name) for name in shelf.catalogue.secrets}

    assert [name for name, found in offered.items() if len(found) != 1] == []
    assert "add-secret" in {each.runbook for each in runbooks_for(shelf, "redis-password")}
