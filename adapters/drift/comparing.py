"""Both stores compared in one go: SOPS decrypted once, the vault read once, and only states leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from adapters.drift.choice import because, is_item, is_there
from adapters.drift.history import open_history
from adapters.drift.lives import joined, known_marks
from adapters.drift.mirror import Mirror, mirror
from adapters.drift.places import Places, settle
from adapters.drift.trees import Grove, read_trees
from adapters.platform import Platform
from adapters.shared.checkout import Checkout, open_checkout
from adapters.shared.trailers import Change
from adapters.sops import SopsLocation
from adapters.sops.past import encrypted
from adapters.sops.program import Sops, open_sops
from adapters.standing.looking import fingerprint_in
from adapters.vaultwarden import read_inventory
from engine.catalogue import Alone
from engine.drift import Compared, Held, State, differ, judge
from engine.errors import RunbookError

_NAMELESS = "its name cannot be read: open it in a Bitwarden client, and delete it or save it anew"
LOOKER = "drift"
"""What a comparison calls itself where a run would give its id; it makes no branch."""


def compare_stores(platform: Platform) -> tuple[Compared, ...]:
    """Return how the stores stand in every secret, and what neither the catalogue nor a run explains.

    One file or item that cannot be read is told as unknown. Raises `Refused` or `Transient` where
    the repository or the vault as a whole cannot be read, `LedgerDown` for a ledger that is away.
    """
    places, before = settle(platform), known_marks(platform)
    sops = open_sops(platform.settings.sops)
    with open_checkout(platform.settings.git, LOOKER) as checkout:
        every = (file for file, _ in encrypted(checkout))
        grove = read_trees(sops, checkout, (*places.files, *every))
        vault = mirror(read_inventory(platform.settings.vaultwarden))
        held = {name: _held(platform, name, at, grove) for name, at in places.sops.items()}
        mirrored = {
            name: vault.held(at, fingerprint_in(platform, name))
            for name, at in places.vault.items()
        }
        apart = [name for name in held if differ(held[name], mirrored[name])]
        held |= _dated(platform, sops, checkout, places, {name: held[name] for name in apart})
    known = joined(before, known_marks(platform))  # a run that ended meanwhile explains as well
    strangers = _strangers(places, grove, vault, platform.catalogue.alone)
    return (*_entries(places, held, mirrored, known), *strangers)


def _entries(
    places: Places,
    held: Mapping[str, Held],
    mirrored: Mapping[str, Held],
    known: Mapping[str, frozenset[str]],
) -> Iterator[Compared]:
    for name, fault in places.faults.items():
        yield Compared(name, State.UNKNOWN, note=fault)
    for name, sops in held.items():
        state, note = judge(sops, mirrored[name], known.get(name, frozenset()))
        yield Compared(name, state, note=note)


def _strangers(
    places: Places, grove: Grove, vault: Mirror, alone: Sequence[Alone]
) -> Iterator[Compared]:
    named = {at.change for at in (*places.sops.values(), *places.certificates)}
    for file, tree in grove.trees.items():
        for path in tree.document.encrypted():
            if Change(file, path) not in named:
                why = because(each for each in alone if is_there(each.sops, file, path))
                yield _stranger(str(Change(file, path)), why)
    for file in grove.faults.keys() - set(places.files):
        why = because(each for each in alone if is_there(each.sops, file, ()))
        state = State.BY_CHOICE if why else State.UNKNOWN
        yield Compared("", state, file, why or grove.faults[file])
    for collection, item in vault.strangers(places.vault.values()):
        why = because(each for each in alone if is_item(each.vaultwarden, collection, item))
        yield _stranger(f"{collection} / {item}", why)
    for place in vault.nameless(places.vault.values()):
        yield Compared("", State.UNKNOWN, place, _NAMELESS)


def _stranger(place: str, why: str) -> Compared:
    return Compared("", State.BY_CHOICE if why else State.UNREGISTERED, place, why)


def _held(platform: Platform, name: str, at: SopsLocation, grove: Grove) -> Held:
    if at.file in grove.faults:
        return Held(unknown=grove.faults[at.file])
    try:
        value = grove.trees[at.file].value(at.path)
    except RunbookError as error:
        return Held(unknown=error.message)
    return Held("" if value is None else fingerprint_in(platform, name)(value))


def _dated(
    platform: Platform, sops: Sops, checkout: Checkout, places: Places, held: Mapping[str, Held]
) -> dict[str, Held]:
    """Return these with the time they changed in git; only what differs is worth the walk."""
    dated: dict[str, Held] = {}
    for file in {places.sops[name].file for name in held}:
        wanted = {places.sops[name].path: name for name in held if places.sops[name].file == file}
        history = open_history(platform, sops, checkout, file)
        for path, origin in history.origins(wanted.keys()).items():
            name = wanted[path]
            dated[name] = replace(held[name], changed=origin.at, is_exact=origin.is_exact)
    return dated
