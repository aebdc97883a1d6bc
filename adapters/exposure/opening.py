"""Which rotations exposed values ask for, and what the form of each is filled with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from adapters.certificates import slot_to_write
from adapters.platform import Platform
from engine.exposure import Exposed


def rotations(platform: Platform, items: Iterable[Exposed]) -> Mapping[str, Exposed]:
    """Return what has a runbook, by the name under which its rotation is opened once.

    One run replaces both halves of a pair, and one renews a certificate that has two slots.
    """
    found: dict[str, Exposed] = {}
    for each in items:
        if each.runbook:
            found.setdefault(_name(platform, each.secret), each)
    return found


def inputs_of(platform: Platform, each: Exposed, about: str) -> dict[str, str]:
    """Return what the form of a rotation is filled with.

    Raises `Refused` or `Transient` where it cannot be told which slot of a certificate is in force.
    """
    told = {"reason": f"{about or 'somebody'} could read it and has left"}
    asked = platform.runbook(each.runbook).inputs
    filled = {name: text for name, text in told.items() if name in asked}
    for name, spec in asked.items():
        if spec.type == "secret":
            is_slot = bool(platform.catalogue.beside_of(each.secret))
            filled[name] = slot_to_write(platform, each.secret) if is_slot else each.secret
    return filled


def _name(platform: Platform, secret: str) -> str:
    """Return what stands for the secret; the same for both slots, whichever is in force by now."""
    catalogue = platform.catalogue
    if beside := catalogue.beside_of(secret):
        named = (name for name, entry in catalogue.certificates.items() if secret in entry.slots)
        return next(named, min(secret, beside))
    return catalogue.lead_of(secret)
