"""What the steps of this adapter take and give."""

from __future__ import annotations

import re

from pydantic import Field, SecretStr, field_validator

from adapters.sops.location import SopsLocation
from engine.secrets import Identifier
from engine.step import Frozen


class Place(Frozen):
    """Where a value is to be written; known before the run starts."""

    at: SopsLocation = Field(description="File and path of the value.")
    create: bool = Field(
        default=False, description="Whether the last key of the path may be new to the file."
    )
    new: bool = Field(
        default=False,
        description="Whether nothing may be there yet: a value that is there already is refused. "
        "Its category may be new with it.",
    )


class SetParams(Place):
    """A value and where it goes."""

    value: SecretStr = Field(min_length=1, description="The new value, in clear.")


class SetOutputs(Frozen):
    """Where the value can be found."""

    branch: str = Field(description="Branch that holds the value.")
    commit: str = Field(description="Commit that holds the value.")
    fingerprint: str = Field(description="Keyed fingerprint of the value; empty if there is none.")


class ReadParams(Frozen):
    """Which value to read."""

    at: SopsLocation = Field(description="File and path of the value.")
    later: bool = Field(
        default=False, description="Whether an earlier step of the run brings the value there."
    )


class ReadOutputs(Frozen):
    """A value of the main branch."""

    value: SecretStr = Field(description="The value, in clear.")
    fingerprint: str = Field(description="Keyed fingerprint of the value.")


class IdentifierParams(Frozen):
    """Which identifier to read."""

    at: SopsLocation = Field(description="File and path of the identifier.")
    shape: str = Field(
        min_length=4,
        description="Regular expression that the whole of it must match; else it is not let out.",
    )

    @field_validator("shape")
    @classmethod
    def _is_an_expression(cls, shape: str) -> str:
        try:
            re.compile(shape)
        except re.error:
            pass
        else:
            return shape
        raise ValueError("it is no regular expression")


class IdentifierOutputs(Frozen):
    """An identifier of the main branch."""

    value: Identifier = Field(description="The identifier, which is no secret.")
    fingerprint: str = Field(description="Keyed fingerprint of the identifier.")
