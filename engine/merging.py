"""One catalogue from several files: no name in two of them, and nothing twice at one place.

Nor is one role of PostgreSQL in two entries: whoever rotates the one would lock the other out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.catalogue import Catalogue, Secret
from engine.findings import Finding, Invalid, Place
from engine.source import Source

_ONE_PLACE = "One place holds one secret; correct the place, or remove one entry."
_WORDS = {
    "sops": ("is at the place", _ONE_PLACE),
    "vaultwarden": ("is at the place", _ONE_PLACE),
    "postgres": (
        "signs in with a role",
        "Give each two logins of its own, or list all that read one password as its `consumers`.",
    ),
}


@dataclass(frozen=True)
class Part:
    """One file of the catalogue, as it was read."""

    catalogue: Catalogue
    source: Source

    def place(self, name: str) -> Place:
        """Return where the entry of this name stands."""
        return self.source.key_place(("secrets", name))


def merged(parts: Sequence[Part]) -> Catalogue:
    """Return what all files say together; raise `Invalid` where they say something twice."""
    findings = [*_named_twice(parts), *placed_twice(parts)]
    if findings:
        raise Invalid(findings)
    return Catalogue.model_construct(
        secrets={n: e for part in parts for n, e in part.catalogue.secrets.items()},
        certificates={n: e for part in parts for n, e in part.catalogue.certificates.items()},
        alone=tuple(each for part in parts for each in part.catalogue.alone),
    )


def placed_twice(parts: Sequence[Part]) -> Iterator[Finding]:
    """Yield a finding for each entry at a place, or with a role, that an earlier one has."""
    seen: dict[object, tuple[str, Part]] = {}
    for part in parts:
        for name, entry in part.catalogue.secrets.items():
            for key, place in _places(entry):
                first, its = seen.setdefault(place, (name, part))
                if first == name:
                    continue
                shared, hint = _WORDS[key]
                yield Finding(
                    part.source.place(("secrets", name, key)),
                    f"`{name}` {shared} of `{first}`, {_told(its.place(first), part)}",
                    hint,
                )


def _named_twice(parts: Sequence[Part]) -> Iterator[Finding]:
    for kind in ("secrets", "certificates"):
        seen: dict[str, Part] = {}
        for part in parts:
            for name in getattr(part.catalogue, kind):
                first = seen.setdefault(name, part)
                if first is not part:
                    yield Finding(
                        part.source.key_place((kind, name)),
                        f"`{name}` stands twice; first at {first.source.key_place((kind, name))}",
                        "Remove one of the two entries.",
                    )


def _places(entry: Secret) -> Iterator[tuple[str, object]]:
    yield "sops", entry.sops
    yield "vaultwarden", entry.vaultwarden
    if entry.postgres:
        for role in entry.postgres.logins or (entry.postgres.role,):
            yield "postgres", role


def _told(place: Place, part: Part) -> str:
    return f"line {place.line}" if place.file == part.source.file else str(place)
