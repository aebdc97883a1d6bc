"""What is told of each provider is what its steps can do."""

from __future__ import annotations

import pytest

from adapters.registry import offers, providers, registry
from adapters.settings import Settings
from adapters.shared.keys.provider import Offer, Operation, Way

STEPS = registry(Settings())
VERBS = {
    Operation.MINT: ("mint",),
    Operation.LIST: ("find",),
    Operation.PROBE: ("probe",),
    Operation.DISABLE: ("disable", "deactivate"),
    Operation.DELETE: ("delete",),
}


@pytest.mark.parametrize("offer", offers(), ids=lambda offer: offer.title)
def test_what_is_automatic_has_a_step_and_nothing_else_has(offer: Offer) -> None:
    for operation, verbs in VERBS.items():
        there = any(offer.steps.format(verb) in STEPS for verb in verbs)

        assert there is (offer.abilities[operation].way is Way.AUTOMATIC), operation


@pytest.mark.parametrize("offer", offers(), ids=lambda offer: offer.title)
def test_every_operation_is_told_of_and_what_is_not_automatic_says_why(offer: Offer) -> None:
    told = offer.abilities

    assert set(told) == set(Operation)
    assert all(each.because for each in told.values() if each.way is not Way.AUTOMATIC)


def test_each_provider_that_lists_keys_is_told_of() -> None:
    known = {each.title for each in providers(Settings()).values()}

    assert known <= {offer.title for offer in offers()}
