"""A secret that `add-secret` has brought is known to the runbooks that rotate it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.platform import Platform, open_platform
from adapters.standing import rotations_of
from cli.shelf import open_shelf
from demo.stage import ROOT
from engine.catalogue import Secret
from engine.entry import described
from engine.inputs import check_inputs
from engine.state import Outcome
from rehearsal.platform import Rehearsed
from tests.adapters.rotation import REASON, Rotation
from tests.ground import ground

NEW = "portal-login"
FORM = {
    **REASON,
    "secret": NEW,
    "title": "Login of the second bank's portal",
    "category": "pulse_banking",
    "key": "portal_login",
    "item": "Second bank, portal",
}
CLUSTER = {
    "kustomization": "pulse-banking",
    "namespace": "pulse-banking",
    "kubernetes_secret": "banking-secrets",
    "kubernetes_key": "SECOND_BANK",
    "workload": "deployment/banking-gateway",
}
CHECK = {"check_url": "https://app.example/health/pulse-banking"}


def with_added(form: Mapping[str, str]) -> Platform:
    """Return the shipped platform with the entry that this form of `add-secret` comes to."""
    platform = Rehearsed(open_shelf().settings)
    runbook = platform.runbook("add-secret")
    entry = described(runbook, check_inputs(runbook, form, platform.catalogue))
    return Rehearsed(platform.settings, more={NEW: Secret.model_validate(entry)})


@pytest.mark.parametrize(
    ("form", "offered"),
    [
        ({**FORM, **CLUSTER, **CHECK}, ["rotate-provided-secret"]),
        (FORM, ["rotate-stored-secret"]),
        ({**FORM, **CLUSTER}, []),
    ],
    ids=["in the cluster", "in the stores alone", "in the cluster without a check"],
)
def test_what_was_added_is_offered_the_rotation_that_its_entry_allows(
    monkeypatch: pytest.MonkeyPatch, form: Mapping[str, str], offered: list[str]
) -> None:
    monkeypatch.chdir(ROOT)

    assert [each.runbook for each in rotations_of(with_added(form), NEW)] == offered


def test_a_secret_is_added_and_then_rotated(tmp_path: Path) -> None:
    with ground(tmp_path) as place:
        adding = Rotation.on(place, "add-secret", FORM)
        bring(adding, "value", "the-first-value-of-it")
        assert adding.outcome is Outcome.COMPLETED

        place.platform = open_platform(place.settings)  # as a later process reads it
        rotation = Rotation.on(place, "rotate-stored-secret", {**REASON, "secret": NEW}, run="2")
        bring(rotation, "provide", "the-second-value-of-it")

        assert rotation.outcome is Outcome.COMPLETED
        [item] = place.world.vaultwarden.ciphers(FORM["item"])
        assert place.world.vaultwarden.open_password(item) == "the-second-value-of-it"
        assert place.world.sops_value("pulse_banking.portal_login") == "the-second-value-of-it"
        assert place.leaks(*rotation.told, str(rotation.entries)) == []


def bring(rotation: Rotation, gate: str, value: str) -> None:
    """Sail to the end, with this value at the gate that asks for one."""
    rotation.ground.shown.append(value)
    rotation.sail_to(gate)
    sealed = rotation.ground.platform.seal().close(SecretStr(value))
    rotation.decide("approve", sealed_value=sealed)
    rotation.sail_to()
