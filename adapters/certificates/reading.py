"""Every certificate of the catalogue, looked at; one that cannot be read does not hide the others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from adapters.certificates.sources import fetch, fetch_slot
from adapters.certificates.stopped import stopped_renewal
from adapters.platform import Platform
from adapters.shared.x509 import parse_readable, parse_slot
from engine.catalogue import Certificate
from engine.certificates import Seen
from engine.errors import Refused, RunbookError
from engine.qualified import Kind
from engine.stopped import refuse_unsettled

AT_ONCE = 4
"""Looks at the same time, so that one that waits does not keep the others waiting."""


@dataclass(frozen=True)
class Look:
    """What one look at one certificate found."""

    name: str
    entry: Certificate
    seen: Seen | None = None
    slot: str = ""
    """The slot that holds it; empty where there are none."""
    into: str = ""
    """The slot that a renewal may write over; likewise, and where it cannot be told."""
    beside: Seen | None = None
    """What that slot holds; None where it was never filled."""
    unknown: str = ""
    """Why it could not be read, in one sentence."""


def read_certificates(platform: Platform) -> tuple[Look, ...]:
    """Return a look at every certificate, in the order of the catalogue."""
    entries = platform.catalogue.certificates
    if any(entry.kubernetes for entry in entries.values()):
        import kubernetes  # noqa: F401, PLC0415 - it imports in circles, which threads break
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return tuple(pool.map(lambda pair: _look(platform, *pair), entries.items()))


def slot_to_write(platform: Platform, slot: str) -> str:
    """Return which of two slots a renewal may write over, given either of them.

    Raises `Refused` or `Transient` where it cannot be told which one is in force, or where a renewal
    of them was stopped half-way.
    """
    both = (slot, platform.catalogue.beside_of(slot))
    found = _in_force(platform, slot, Certificate(title=slot, slots=both))
    if not found.into:
        why = (found.seen.doubt or found.seen.aside) if found.seen else found.unknown
        raise Refused(
            f"it cannot be told which of {' and '.join(both)} is in force: {why}",
            hint="`runbook certificates` shows what each holds.",
        )
    refuse_unsettled(stopped_renewal(platform, slot), found.into)
    return found.into


def _look(platform: Platform, name: str, entry: Certificate) -> Look:
    try:
        if entry.slots:
            return _in_force(platform, name, entry)
        return Look(name, entry, parse_readable(*fetch(platform, entry)))
    except RunbookError as error:
        told = error.message
    except Exception as error:  # noqa: BLE001 - one broken look must not hide the others
        told = f"the look itself broke with {type(error).__name__}"
    return Look(name, entry, unknown=told)


def _in_force(platform: Platform, name: str, entry: Certificate) -> Look:
    """Return the look at the slot that ends last; one that was never filled is passed over.

    One that cannot be read may be the one in force, so that neither is free to be written. What is of
    no such kind hides none that is.
    """
    found, doubt = _read_slots(platform, entry)
    filled = {slot: seen for slot, seen in found.items() if seen is not None}
    if not filled:
        never = f"nothing was ever put into {' and '.join(entry.slots)}"
        return Look(name, entry, unknown=doubt or never)
    kind = _kind(platform, entry)
    fit = {slot: seen for slot, seen in filled.items() if seen.may_be(kind)} or filled
    in_force = max(fit, key=lambda slot: fit[slot].ends)
    seen = fit[in_force]
    if doubt:
        return Look(name, entry, replace(seen, doubt=doubt), in_force)
    free = next(slot for slot in entry.slots if slot != in_force)
    if free not in filled or free in fit:
        return Look(name, entry, seen, in_force, free, found[free])
    seen = replace(seen, aside=f"{free}, the slot beside it, holds a certificate that is no {kind}")
    return Look(name, entry, seen, in_force, free if filled[free].is_placeholder else "")


def _kind(platform: Platform, entry: Certificate) -> Kind:
    slot = platform.catalogue.secrets[entry.slots[0]].certificate
    assert slot is not None, "the catalogue takes no other for a slot"
    return entry.kind or slot.kind


def _read_slots(platform: Platform, entry: Certificate) -> tuple[dict[str, Seen | None], str]:
    """Return what each slot holds that can be read, and in words why others cannot."""
    found: dict[str, Seen | None] = {}
    refused: list[str] = []
    for slot in entry.slots:
        try:
            found[slot] = parse_slot(*fetch_slot(platform, slot))
        except Refused as error:
            refused.append(error.message)
        except RunbookError:
            raise
        except Exception as error:  # noqa: BLE001 - it must not hide the other slot
            refused.append(f"the look at {slot} broke with {type(error).__name__}")
    return found, "; ".join(dict.fromkeys(refused))
