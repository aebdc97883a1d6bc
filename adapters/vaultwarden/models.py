"""What the steps of this adapter take and give."""

from __future__ import annotations

from pydantic import Field, SecretStr

from adapters.vaultwarden.location import VaultwardenLocation
from engine.step import Frozen


class Place(Frozen):
    """Where a value is to be written; known before the run starts."""

    at: VaultwardenLocation = Field(description="Collection, item and field of the value.")
    create: bool = Field(
        default=False, description="Whether the item, or its custom field, may be new."
    )
    new: bool = Field(
        default=False,
        description="Whether the item has to be made by this run: one that is there is refused.",
    )


class SetParams(Place):
    """A value and where it goes."""

    value: SecretStr = Field(min_length=1, description="The new value, in clear.")
    replaces: SecretStr | None = Field(
        None,
        description="The value that is expected there; anything else but the new one stops the "
        "step, as somebody changed it.",
    )


class SetOutputs(Frozen):
    """Where the value can be found, and what it took the place of."""

    item: str = Field(description="Id of the item.")
    revision: str = Field(description="When the item last changed, as the server writes it.")
    fingerprint: str = Field(description="Keyed fingerprint of the value; empty if there is none.")
    created: bool = Field(default=False, description="Whether this run made the item.")
    previous: SecretStr | None = Field(
        None,
        description="The value before; empty if the field held none, missing if it is not known.",
    )


class At(Frozen):
    """Which value to look at."""

    at: VaultwardenLocation = Field(description="Collection, item and field of the value.")


class ReadOutputs(Frozen):
    """A value of the vault."""

    value: SecretStr = Field(description="The value, in clear.")
    fingerprint: str = Field(description="Keyed fingerprint of the value.")
    revision: str = Field(description="When the item last changed, as the server writes it.")


class MatchParams(At):
    """A value, and where it must be found."""

    value: SecretStr = Field(min_length=1, description="The value that must be there, in clear.")


class MatchOutputs(Frozen):
    """What was found to be equal."""

    fingerprint: str = Field(description="Keyed fingerprint of the value.")
    revision: str = Field(description="When the item last changed, as the server writes it.")
