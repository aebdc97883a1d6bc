"""A list that people settle item by item at one gate, in any order and over days.

The gate asks for one item at a time, each answer is an entry of its own (`gate.noted`), and the
gate is asked again. A yes to the step counts once every item is confirmed, or waived with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.plan import PlannedStep
from engine.state import ItemState, Noted, StepState
from engine.step import Ask

NO_ITEM = "-"
"""What the form holds where an answer is about no item."""
SETTLED = frozenset({ItemState.CONFIRMED, ItemState.WAIVED})
SHORTEST_NOTE = 5
"""Characters of the comment that goes with an item; less convinces nobody."""


def items_of(step: PlannedStep) -> tuple[str, ...]:
    """Return the items of a step that asks for a checklist, in the order of the runbook."""
    listed = step.with_.get("items") if step.ask is Ask.CHECKLIST else None
    return tuple(listed) if isinstance(listed, Mapping) else ()


def item_state(held: StepState, item: str) -> ItemState:
    """Return where an item stands; one that nobody spoke of is pending."""
    noted = held.items.get(item)
    return noted.state if noted else ItemState.PENDING


def unsettled(step: PlannedStep, held: StepState) -> str:
    """Name the items that keep the step from being done, with their states; empty for none."""
    states = ((item, item_state(held, item)) for item in items_of(step))
    return ", ".join(f"{item} ({state})" for item, state in states if state not in SETTLED)


def note_fault(step: PlannedStep, item: str, state: str, comment: str) -> str:
    """Say why a note about an item does not count; empty if it does."""
    known = items_of(step)
    if item not in known:
        return f"`{item or NO_ITEM}` is no item of this list: {', '.join(known)}"
    if state not in set(ItemState):
        return f"`{state}` is no state of an item: {_listed(ItemState)}"
    if state != ItemState.PENDING and len(comment.strip()) < SHORTEST_NOTE:
        why = "why it is waived" if state == ItemState.WAIVED else "what was done and seen"
        return f"the comment must say {why}"
    return ""


def lines(step: PlannedStep, held: StepState) -> tuple[str, ...]:
    """Return one plain line for each item: where it stands, who said so, and what they wrote."""
    return tuple(_line(item, held.items.get(item)) for item in items_of(step))


def _line(item: str, noted: Noted | None) -> str:
    if noted is None:
        return f"{item}: {ItemState.PENDING}"
    said = f": {noted.comment}" if noted.comment else ""
    return f"{item}: {noted.state}, by {noted.by} at {noted.at[:16]}Z{said}"


def _listed(states: Iterable[str]) -> str:
    return ", ".join(states)
