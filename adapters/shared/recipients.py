"""Age recipients as parameters of a step take them: one, or all of a person's."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

Recipient = Annotated[str, Field(pattern=r"^age1[a-z0-9]{20,}$")]
"""The public half of an age identity."""


def _listed(given: Any) -> Any:
    """Return a text with several as a list; a form has no field for a list."""
    if not isinstance(given, str):
        return given
    return tuple(dict.fromkeys(filter(None, re.split(r"[\s,]+", given))))


Recipients = Annotated[tuple[Recipient, ...], BeforeValidator(_listed)]
"""All keys of one person, as there is one for each machine; given as a list or as one text."""
