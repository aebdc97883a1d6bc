"""What is told of each provider is what its steps can do."""

from __future__ import annotations

import pytest

from adapters.registry import abilities, providers, registry
from adapters.settings import Settings
from adapters.shared.keys.provider import Operation, Way

STEPS = registry(Settings())
NAMES = {
    Operation.MINT: ("mint_key",),
    Operation.LIST: ("find_key",),
    Operation.PROBE: ("probe_key",),
    Operation.DISABLE: ("disable_key", "deactivate_key"),
    Operation.DELETE: ("delete_key",),
}


@pytest.mark.parametrize("title", abilities())
def test_what_is_automatic_has_a_step_and_nothing_else_has(title: str) -> None:
    for operation, names in NAMES.items():
        there = any(f"{title.lower()}.{name}" in STEPS for name in names)

        assert there is (abilities()[title][operation].way is Way.AUTOMATIC), operation


@pytest.mark.parametrize("title", abilities())
def test_every_operation_is_told_of_and_what_is_not_automatic_says_why(title: str) -> None:
    told = abilities()[title]

    assert set(told) == set(Operation)
    assert all(each.because for each in told.values() if each.way is not Way.AUTOMATIC)


def test_each_provider_that_lists_keys_is_told_of() -> None:
    assert {each.title for each in providers(Settings()).values()} <= set(abilities())
