"""The two looks of a reconcile: has the source fetched the commit, and is it applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import BaseModel, Field

from adapters.flux.conditions import (
    Document,
    applied_revision,
    artifact_revision,
    attempted_revision,
    handled_request,
    ready_of,
)
from adapters.flux.objects import FluxObject, fetch_active
from adapters.flux.revision import IsDescendant, contains
from adapters.shared.cluster import Cluster
from engine.errors import NotConverged
from engine.step import Done, Frozen, Nothing, NotYet

O = TypeVar("O", bound=BaseModel)  # noqa: E741 - the contract's own letter for outputs


class Reconciled(Frozen):
    """Outputs of `flux.reconcile`."""

    applied_revision: str = Field(description="Revision that Flux has applied and found healthy.")


@dataclass(frozen=True)
class Trip:
    """One commit on its way into one cluster."""

    cluster: Cluster
    is_descendant: IsDescendant
    commit: str

    def has_reached(self, revision: str) -> bool:
        """Tell whether `revision` is our commit or came after it."""
        return contains(revision, self.commit, self.is_descendant)


class Look(Protocol[O]):
    """A look at one Flux object; `token` is the request of ours that it may have answered."""

    def __call__(self, trip: Trip, wanted: FluxObject, token: str) -> Done[O] | NotYet:
        """Return what is there; raise `Refused` where waiting cannot help."""
        ...


def look_fetched(trip: Trip, wanted: FluxObject, token: str) -> Done[Nothing] | NotYet:
    """Tell whether the source holds the commit.

    A failed fetch is no end: the source controller tries again by itself.
    """
    source = fetch_active(trip.cluster, wanted)
    revision = artifact_revision(source)
    if trip.has_reached(revision):
        return Done(Nothing(), f"{wanted.title} has fetched {revision}")
    return NotYet(
        f"{wanted.title} has fetched {revision or 'nothing'}, "
        f"which does not contain {trip.commit}{_complaint(source)}"
    )


def look_applied(trip: Trip, wanted: FluxObject, token: str) -> Done[Reconciled] | NotYet:
    """Tell whether the commit is applied and was found healthy.

    A busy Ready does not take that back: Flux begins anew at each interval, and writes
    `lastAppliedRevision` only after the health checks. Raises `NotConverged` where Flux has
    answered the request `token` with a failure.
    """
    found = fetch_active(trip.cluster, wanted)
    revision, ready = applied_revision(found), ready_of(found)
    if trip.has_reached(revision) and (ready.holds or ready.is_busy):
        evidence = f"{wanted.title} has applied {revision}, which contains {trip.commit}"
        return Done(Reconciled(applied_revision=revision), f"{evidence}, and found it healthy")
    if _has_failed_for_us(trip, found, token):
        raise NotConverged(
            f"{wanted.title} could not apply {attempted_revision(found)}: "
            f"{ready.reason}: {ready.message}",
            hint=f"See `flux get kustomization {wanted.name} -n {wanted.namespace}`; mend it in git.",
        )
    return NotYet(
        f"{wanted.title} has applied {revision or 'nothing'} and is {_state(found)}, "
        f"expected {trip.commit} or later and Ready{_complaint(found)}"
    )


def _has_failed_for_us(trip: Trip, found: Document, token: str) -> bool:
    """Leave out failures that stood there before we asked, and those about another commit."""
    if not token or handled_request(found) != token:
        return False
    return ready_of(found).has_failed and trip.has_reached(attempted_revision(found))


def _state(found: Document) -> str:
    ready = ready_of(found)
    if ready.holds:
        return "Ready"
    return "not Ready" if ready.is_current else "not observed at its present generation"


def _complaint(found: Document) -> str:
    ready = ready_of(found)
    return f" ({ready.reason}: {ready.message})" if ready.status == "False" else ""
