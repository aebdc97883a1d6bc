"""The time a double believes in, which a test may move forward without waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Wall-clock time plus an offset that only `advance` changes."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the current time in UTC, as this double sees it."""
        return datetime.now(UTC) + self._offset

    def advance(self, seconds: float) -> None:
        """Move this double's time forward by `seconds`."""
        self._offset += timedelta(seconds=seconds)


def stamp(moment: datetime) -> str:
    """Return a time as Kubernetes and Anthropic write it: UTC, whole seconds, `Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
