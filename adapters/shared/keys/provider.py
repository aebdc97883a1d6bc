"""What a driver offers: a connection to the keys, and how the provider answers to a value.

What a provider cannot do is missing from its connection's type, so that no step can be built that
would need it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from pydantic import SecretStr

from adapters.shared.keys.key import Key, New
from engine.step import Nothing, Preflight


class Keys(Protocol):
    """An open connection with the right to manage keys.

    Every method may raise `Refused` and `Transient`; one that changes something, `OutcomeUnknown`.
    """

    def listing(self) -> tuple[Key, ...]:
        """Return every key there is, whatever its status."""


class Making(Keys, Protocol):
    """A connection that makes keys and deletes them."""

    def mint(self, name: str, like: str) -> New:
        """Make an active key that may do what the key with the id `like` may do."""

    def delete(self, identity: str) -> None:
        """End a key for good; one that is not there is left so."""


class Switching(Keys, Protocol):
    """A connection that can take acceptance from a key and give it back."""

    def switch(self, identity: str, *, active: bool) -> Key:
        """Make a key active or not, and return it; twice is as once."""


K_co = TypeVar("K_co", bound=Keys, covariant=True)


@dataclass(frozen=True, kw_only=True)
class Named:
    """What one provider and its keys are called."""

    name: str
    """As step names and messages say it, e.g. `openrouter`."""
    title: str
    """As people say it, e.g. `OpenRouter`."""
    console: str
    """Where a person can look at keys, as `the Anthropic console`."""
    noun: str = "key"
    """What a step name calls one of them, e.g. `mint_key`."""
    paired: bool = False
    """Whether a key is known by its id, which stands in the stores beside the secret."""


@dataclass(frozen=True, kw_only=True)
class Provider(Named, Generic[K_co]):
    """One provider as the steps see it; nothing is opened before it is used."""

    connect: Callable[[], AbstractContextManager[K_co]]
    """Open the management of keys; raises `Refused` where its credential is not there."""

    def greet(self) -> str:
        """Say that the provider lists its keys to us; raise `Refused` or `Transient` if not."""
        with self.connect() as keys:
            count = len(keys.listing())
        return f"{self.name} answers and lists {count} keys to us"

    def access(self) -> Preflight[Nothing]:
        """Return a preflight that needs no parameters: whether keys are listed to us."""
        return Preflight(Nothing, lambda _: self.greet())


@dataclass(frozen=True)
class Trial:
    """A request under a value that changes nothing, by whose answer the value is judged."""

    status: Callable[[SecretStr], int]
    """Send it and return the HTTP status of the answer."""
    does: str
    """What it does, e.g. `lists models`."""


class Operation(StrEnum):
    """What may be wanted of a provider."""

    MINT = "mint"
    LIST = "list"
    PROBE = "probe"
    DISABLE = "disable"
    DELETE = "delete"
    LAST_USED = "last used"


class Way(StrEnum):
    """How an operation is had."""

    AUTOMATIC = "automatic"
    """A step does it."""
    MANUAL = "manual"
    """A person does it at a gate, and a later step looks."""
    UNSUPPORTED = "unsupported"
    """The provider has no such thing."""


@dataclass(frozen=True)
class Ability:
    """How one operation is had, and why not otherwise."""

    way: Way
    because: str = ""


@dataclass(frozen=True)
class Offer:
    """What can be had of one provider, as docs/providers.md tells it."""

    title: str
    steps: str
    """Names of its steps with a gap for the verb, e.g. `openrouter.{}_key`."""
    abilities: Mapping[Operation, Ability]
    """By operation; every operation is told of."""
