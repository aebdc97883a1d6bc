"""Rotations whose value a person brings, and to which they bring the one in force by mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from engine.ledger import Event
from tests.adapters.rotation import REASON, Rotation
from tests.ground import ground

BROUGHT = {
    "rotate-provided-secret": "alertmanager-webhook-token",
    "rotate-stored-secret": "grafana-admin-password",
    "rotate-psd2-client-secret": "psd2-client-secret",
    "rotate-stripe-api-key": "stripe-api-key",
}
"""Those whose old value a person ends: it would be the one that was just brought."""


@pytest.mark.parametrize("runbook", BROUGHT)
def test_the_value_in_force_is_refused_at_the_gate_and_named_nowhere(
    runbook: str, tmp_path: Path
) -> None:
    with ground(tmp_path, BROUGHT[runbook]) as place:
        form = place.platform.runbook(runbook).inputs
        secret = {"secret": BROUGHT[runbook]} if "secret" in form else {}
        rotation = Rotation.on(place, runbook, {**REASON, **secret})
        rotation.sail_to("provide")

        verdict = rotation.judge(
            "approve", sealed_value=place.platform.seal().close(SecretStr(place.old))
        )

        assert verdict.draft.event is Event.GATE_REFUSED
        assert "the value in force" in str(verdict.draft.details["why"])
        assert place.leaks(*rotation.told, str(verdict.draft)) == []
