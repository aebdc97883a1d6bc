"""Proving the signed words of a ledger, or of an export, once more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from joserfc.jwk import KeySet

from adapters.platform import Platform
from cli.screen import say
from engine.errors import Refused
from engine.evidence import read_keys
from engine.ledger import Entry
from engine.vouching import TOLD, prove_again


def keys_of(file: Path | None, platform: Callable[[], Platform] | None) -> KeySet | None:
    """Return the gateway's public keys, from the file or else from the settings; None for none.

    Raises `Refused` where the file cannot be read or holds no such keys.
    """
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            told = f"{file} cannot be read: {type(error).__name__}"
        else:
            return read_keys(text)
        raise Refused(told)
    if platform is None or platform().settings.engine.approval_keys_file is None:
        return None
    return platform().approval_keys()


def prove_words(entries: Iterable[Entry], keys: KeySet | None) -> None:
    """Say how many signed words hold; raise `ChainBroken` for the first that does not."""
    if keys is None:
        say("the gateway's public keys are not known here, so no signature was checked")
        return
    found = prove_again((entry for entry in entries if entry.event in TOLD), keys)
    say(
        f"{found.signed} signed word(s) hold; {found.claimed} start(s) and decision(s) rest on a "
        f"name that was typed, and {found.unsigned} word(s) beside a gate on no signature"
    )
