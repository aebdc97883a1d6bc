"""Lengths of time as people write them: `30s`, `15m`, `4h`, `90d`, and sums such as `1h30m`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SHAPE = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")


def parse_duration(value: object) -> timedelta:
    """Read a length of time; raise `ValueError` with an example if it is none or not above zero."""
    if isinstance(value, timedelta):
        return value
    match = _SHAPE.fullmatch(value) if isinstance(value, str) and value else None
    if not match:
        raise ValueError("not a length of time; write for example 30s, 15m, 4h or 90d")
    seconds = sum(
        int(n or 0) * unit for n, unit in zip(match.groups(), UNITS.values(), strict=True)
    )
    if seconds == 0:
        raise ValueError("a length of time must be above zero")
    return timedelta(seconds=seconds)


def spell(duration: timedelta) -> str:
    """Write a length of time the short way: `1h30m`."""
    rest, parts = int(duration.total_seconds()), []
    for letter, unit in UNITS.items():
        count, rest = divmod(rest, unit)
        if count:
            parts.append(f"{count}{letter}")
    return "".join(parts) or "0s"


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(spell)]
