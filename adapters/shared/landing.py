"""Getting a commit onto a main that others push to as well, without force and without loss."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from adapters.shared.checkout import Checkout
from engine.errors import Transient

PAUSE_SECONDS = 0.2
"""Mean pause after the first lost race; it grows with each one."""


def push_until_landed(
    checkout: Checkout,
    key: str,
    build: Callable[[Checkout], str],
    report: Callable[[str], None],
) -> tuple[Checkout, str]:
    """Return main as it is then, and its commit that carries `key`.

    `build` makes the commit for a main as it is now; whoever loses a race builds anew on what is
    there, so that nothing is rebased or overwritten. A commit that carries `key` already is
    returned as it is. Raises `Transient` if others were first every time.
    """
    attempts = checkout.settings.push_attempts
    for attempt in range(1, attempts + 1):
        commit = checkout.landed(key)
        if commit is not None:
            return checkout, commit
        commit = build(checkout)
        if checkout.git.push(commit, checkout.settings.branch):
            return checkout, commit
        report(f"someone else pushed first, try {attempt} of {attempts}")
        time.sleep(random.uniform(0, 2 * PAUSE_SECONDS * attempt))  # noqa: S311 - only spreads us
        checkout = checkout.refresh()
    raise Transient(
        f"{checkout.settings.branch} moved {attempts} times while we pushed",
        hint="Wait until others are done pushing, or raise git.push_attempts.",
    )
