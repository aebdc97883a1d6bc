"""Heads kept outside the ledger, gathered to confront it with: typed, signed, in commits, in Prefect."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from adapters.platform import Platform
from cli.recorder import PREFECT
from cli.server import door
from engine.errors import Refused, Transient
from engine.notes import public_key, read_notes
from engine.witnesses import Witness

_HEAD = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Asked:
    """Where heads shall be looked for."""

    heads: Sequence[str] = ()
    anchors: Sequence[Path] = ()
    keys: Sequence[str] = ()
    """Public keys for the anchors; else those of the settings."""
    git: bool | None = None
    prefect: bool | None = None
    """Whether those in commits, and in Prefect's records of runs, count too; None if they can be had."""


@dataclass(frozen=True)
class Gathered:
    """The heads that were found, and what was not looked at."""

    heads: tuple[Witness, ...]
    unasked: tuple[str, ...] = ()
    """Places that could have been asked and did not answer, in words."""


def witnesses(asked: Asked, platform: Callable[[], Platform]) -> Gathered:
    """Return every head that was asked for; the platform is opened only where it is needed.

    Raises `Refused` for a note that is not signed by a known key, and, where somebody insists on
    them, as git and Prefect do.
    """
    found = [Witness(_head(text), "--head") for text in asked.heads]
    if asked.anchors:
        keys = [_key(text) for text in asked.keys] or _keys(platform())
        for file in asked.anchors:
            notes = read_notes(_read(file), keys)
            found += [Witness(n.hash, f"the note of {n.signer}", n.sequence) for n in notes]
    unasked: list[str] = []
    for name, wanted, ask in (("git", asked.git, _in_git), ("Prefect", asked.prefect, _in_prefect)):
        if wanted is False:
            continue
        try:
            found += ask(platform, insist=bool(wanted))
        except (Refused, Transient) as error:
            if wanted:
                raise
            unasked.append(f"there are no heads from {name}: {error.message}")
    return Gathered(tuple(found), tuple(unasked))


def _in_git(platform: Callable[[], Platform], *, insist: bool) -> Sequence[Witness]:
    if not insist and not platform().settings.git.remote:
        return ()
    from adapters.git import published_heads

    return published_heads(platform().settings.git)


def _in_prefect(_platform: Callable[[], Platform], *, insist: bool) -> Sequence[Witness]:
    if not insist and not os.environ.get(PREFECT):
        return ()
    door()
    from flows.heads import artifact_heads

    return artifact_heads()


def signing_key(platform: Platform) -> Path:
    """Return the file of the key that heads are signed with; raise `Refused` if none is set."""
    path = platform.settings.ledger.anchor_key_file
    if path is None:
        raise Refused(
            "there is no key to sign the head with",
            hint="Make one with `runbook keygen --anchor` and set ledger.anchor_key_file.",
        )
    return path


def _keys(platform: Platform) -> list[str]:
    settings = platform.settings.ledger
    if settings.anchor_keys:
        return list(settings.anchor_keys)
    from adapters.shared.files import read_secret

    return [public_key(read_secret(signing_key(platform), "the anchor key"))]


def _key(text: str) -> str:
    """Return a public key as it was typed, or as it stands in a file."""
    return text if "+" in text else _read(Path(text)).strip()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        told = f"{path} cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        told = f"{path} is not UTF-8 text"
    raise Refused(told)


def _head(text: str) -> str:
    found = _HEAD.fullmatch(text.strip().lower())
    if found is None:
        raise typer.BadParameter("a head is 64 hex digits", param_hint="--head")
    return found.group()
