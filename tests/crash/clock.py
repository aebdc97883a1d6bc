"""A clock that is off, in one process: the engine's own, and nobody else's."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, tzinfo
from typing import Self

ROOMS = ("engine.", "adapters.", "flows.")


def step_clock(seconds: float) -> None:
    """Let every module of the rooms read a clock that is off by `seconds`."""

    class Stepped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            moment = datetime.now(tz) + timedelta(seconds=seconds)
            return cls.combine(moment.date(), moment.timetz())

    stepped = [
        module
        for name, module in sys.modules.items()
        if name.startswith(ROOMS) and vars(module).get("datetime") is datetime
    ]
    assert stepped, "no module of the rooms reads the clock by the name it was patched under"
    for module in stepped:
        vars(module)["datetime"] = Stepped
