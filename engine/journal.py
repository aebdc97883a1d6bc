"""What the engine asks of a ledger store; `adapters.ledger` keeps the promise on a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from engine.ledger import Draft, Entry, Event, identity


def resource_of(secret: str) -> str:
    """Name the right to work on a secret."""
    return f"secret:{secret}"


def resources_of(
    secret: str, about: str = "", identifier: str = "", beside: str = ""
) -> tuple[str, ...]:
    """Name what one live run holds: the right to a secret, and to a person however spelled.

    Of a pair it holds both halves, and of a certificate both slots: the one `beside` may not be
    written by another run while somebody needs what is in it.
    """
    of_secret = tuple(resource_of(each) for each in (secret, identifier, beside) if each)
    return (*of_secret, f"person:{identity(about)}") if about else of_secret


class Journal(Protocol):
    """A durable, serialised ledger with a drawer of sealed values beside it."""

    def append(
        self,
        draft: Draft,
        *,
        seal: Mapping[str, str] | None = None,
        hold: Sequence[str] = (),
        end: bool = False,
        under: Mapping[str, int] | None = None,
        upon: int = 0,
    ) -> Entry:
        """Make the entry durable and return it; all or nothing, in one transaction.

        `seal` puts sealed values (name to age armour) into the drawer under the draft's run and
        step. `hold` takes these resources for the run, `end` gives back all it holds and empties
        its drawer. `under` names leases (resource to number) that the run must still have. `upon` is
        the opening of the run's gate that the entry answers, reminds of or ends.
        Raises `Fenced` when the run has an entry of a later attempt or lost a lease, `Locked` when
        another live run holds one of `hold` (the message says who, since when), `Overtaken` when
        the gate at `upon` is not open any more, or this was said of it, `LedgerDown` when the
        database did not take it.
        """
        ...

    def entries(self, run: str | None = None, *, after: int = 0) -> Sequence[Entry]:
        """Return the entries of one run, or of all, in order; raise `LedgerDown`.

        `after` leaves out those up to this place in the chain.
        """
        ...

    def waiting(self) -> Sequence[Entry]:
        """Return, run by run, the opening of each gate that waits and what came after it.

        A gate that expired is among them for as long as an escalation is due. Raises `LedgerDown`.
        """
        ...

    def of(self, *events: Event) -> Sequence[Entry]:
        """Return all entries of these events, in order; raise `LedgerDown`."""
        ...

    def sealed(self, run: str) -> Mapping[tuple[str, str], str]:
        """Return the run's drawer: (step, name) to age armour.

        Raises `ChainBroken` for a value that is not the one an entry put there, and `LedgerDown`.
        """
        ...

    def holders(self) -> Mapping[str, str]:
        """Return what is held now: resource to run; raise `LedgerDown`."""
        ...

    def lease(self, resource: str, run: str, *, seconds: float) -> int | None:
        """Take or prolong the right to act on `resource` alone for so many seconds.

        Returns its number, higher than any before; None while another run has it.
        Raises `LedgerDown`.
        """
        ...

    def give_back(self, resource: str, run: str, number: int) -> None:
        """End a lease, if it is still this one; raise `LedgerDown`."""
        ...

    def lease_holder(self, resource: str) -> str:
        """Say in words who has the lease and until when; raise `LedgerDown`."""
        ...
