"""What can be found out before anything has happened."""

from __future__ import annotations

import os
from pathlib import Path

from adapters.shared.checkout import Checkout, open_checkout
from adapters.shared.remote import shown
from adapters.sops.location import SopsLocation
from adapters.sops.models import Place, ReadParams
from adapters.sops.program import Sops, SopsSettings, open_sops
from adapters.sops.rules import refuse_clear
from adapters.sops.values import Stores, check_new, check_target, placed
from engine.errors import Refused


def check(settings: SopsSettings) -> str:
    """Return one sentence about sops and its key; raise `Refused` if one is not usable."""
    sops = open_sops(settings)
    identity = settings.age_key_file or _own_identity()
    if identity is None:
        raise Refused(
            f"sops {sops.version} has no age identity: none is set, and the user has none",
            hint="Set sops.age_key_file to the file age-keygen made.",
        )
    return f"sops {sops.version} at {sops.program.path}, with the age identity in {identity}"


def _own_identity() -> Path | None:
    """Return the file in which sops finds an identity of the user's; None where it finds none."""
    home = Path.home()
    configured = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    named = os.environ.get("SOPS_AGE_KEY_FILE")
    places = (
        *([Path(named)] if named else []),
        configured / "sops" / "age" / "keys.txt",
        home / "Library" / "Application Support" / "sops" / "age" / "keys.txt",
        home / ".ssh" / "id_ed25519",
        home / ".ssh" / "id_rsa",
    )
    return next((place for place in places if place.is_file()), None)


def preflight_set(stores: Stores, place: Place) -> str:
    """Return a sentence if the value can be written: file, path, key, MAC and push all right."""
    with open_checkout(stores.git, "preflight") as checkout:
        if place.new:
            check_new(placed(checkout, checkout.main, place.at)[1], place.at)
        create = place.create or place.new
        sops, file = _openable(stores, checkout, place.at, create=create, category=place.new)
        refuse_clear(sops, file, place.at.path)
        checkout.rehearse_push(checkout.pending_branch)
    return (
        f"sops {sops.version} can open the file, {place.at} can be set, and "
        f"{shown(stores.git.remote)} takes branches"
    )


def preflight_read(stores: Stores, params: ReadParams) -> str:
    """Return a sentence if the value can be read."""
    with open_checkout(stores.git, "preflight") as checkout:
        create = params.later
        sops, _ = _openable(stores, checkout, params.at, create=create, category=create)
    return f"sops {sops.version} can read {params.at}"


def _openable(
    stores: Stores, checkout: Checkout, at: SopsLocation, *, create: bool, category: bool
) -> tuple[Sops, Path]:
    """Return sops and the file, which it can open."""
    sops = open_sops(stores.sops)
    folder, document = placed(checkout, checkout.main, at)
    check_target(document, at, create=create, category=category)
    witness = at.path if document.leaf(at.path) else document.any_path()
    if witness is None:
        raise Refused(f"{at.file} holds no value to try the key on")
    sops.read(folder / at.file, witness)  # proves key and MAC; the value is dropped
    return sops, folder / at.file
