"""What a provider tells of one of its keys: never the secret, at most a hint of it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True)
class Key:
    """What may be seen of one key."""

    identity: str
    """What the provider calls it in requests; no secret."""
    name: str
    status: str
    """`active` where the provider accepts it; else the provider's own word."""
    hint: str
    """Beginning and end of the secret around dots; either may be missing, the dots may not."""
    ends: str = ""
    """When it ends by itself, as the provider writes it; empty for one that does not."""

    @property
    def title(self) -> str:
        """Return id and name, as messages show them."""
        return f"{self.identity} ({self.name})"

    @property
    def is_active(self) -> bool:
        """Tell whether the key is accepted."""
        return self.status == "active"

    def may_be(self, value: SecretStr) -> bool:
        """Tell whether the hint fits a secret."""
        return fits(self.hint, value)


@dataclass(frozen=True)
class New:
    """A key in the moment of its making, the only one in which its secret is told."""

    key: Key
    value: SecretStr


def fits(hint: str, value: SecretStr) -> bool:
    """Tell whether a hint such as `sk-ant-api03-R2D...igAA` or `...16c3e37d` is of this secret."""
    start, dots, end = hint.replace("…", "...").partition("...")
    end = end.lstrip(".")
    text = value.get_secret_value()
    if not dots or not (start or len(end) >= SHORTEST_END) or len(start) + len(end) > len(text):
        return False
    return text.startswith(start) and text.endswith(end)


SHORTEST_END = 8
"""Characters that an end must have where the hint has no beginning."""


def listed(keys: tuple[Key, ...] | list[Key]) -> str:
    """Name keys, as messages show them; empty for none."""
    return ", ".join(key.title for key in keys)
