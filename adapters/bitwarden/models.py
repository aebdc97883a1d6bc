"""What the step of this adapter takes and gives."""

from __future__ import annotations

from pydantic import Field, SecretStr

from engine.step import Frozen


class BitwardenLocation(Frozen):
    """One secret of one project."""

    key: str = Field(min_length=1, description="Name of the secret, letter by letter.")
    project: str | None = Field(
        None, description="Id of its project; that of the settings when left out."
    )

    def __str__(self) -> str:
        return f"{self.project} / {self.key}" if self.project else self.key


class Place(Frozen):
    """Where a value is to be written; known before the run starts."""

    at: BitwardenLocation = Field(description="Project and name of the secret.")
    create: bool = Field(default=False, description="Whether the secret may be new.")


class SetParams(Place):
    """A value and where it goes."""

    value: SecretStr = Field(min_length=1, description="The new value, in clear.")
    replaces: SecretStr | None = Field(
        None, description="The value that is expected there; any other one stops the step."
    )


class SetOutputs(Frozen):
    """Where the value can be found, and what it took the place of."""

    item: str = Field(description="Id of the secret.")
    revision: str = Field(description="When the secret last changed.")
    fingerprint: str = Field(description="Keyed fingerprint of the value; empty if there is none.")
    created: bool = Field(default=False, description="Whether this run made the secret.")
    previous: SecretStr | None = Field(
        None, description="The value before; missing if it is not known."
    )
