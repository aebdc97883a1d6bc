"""What an end of sops means, said by its exit code and never in its words.

sops quotes values in its errors: one that was typed by hand over its ciphertext, and the value in
clear where a type beside the ciphertext, which anybody can change, does not fit. Meanings: sops
3.13.2, cmd/sops/codes/codes.go.
"""

from __future__ import annotations

from collections.abc import Mapping

from adapters.shared.command import Ended
from engine.errors import Refused

_NO_DATA_KEY = 128
_WRONG_TREE = 25
_MAC_ERRORS = frozenset({24, 51, 52})
_MEANINGS: Mapping[int, str] = {
    2: "it could not read the file",
    3: "it could not write the file",
    4: "it could not write the content in the form of the file",
    5: "it could not read its configuration",
    7: "it could not read the value it was given",
    21: "it could not encrypt the MAC",
    23: "it could not encrypt a value",
    49: "the file is not there",
    61: "there is no .sops.yaml",
    91: "it could not find the path in the file",
    111: "no key is named to encrypt for",
    200: "the file is as it was before",
}


def judged(ended: Ended, name: str) -> Refused:
    """Return the refusal for a sops that did not end with 0 on the file `name`."""
    told = f"{ended.what} ended with {ended.exit_code}"
    if ended.exit_code == _NO_DATA_KEY:
        return Refused(
            f"no age identity of the engine can open {name} ({told})",
            hint="Set sops.age_key_file, or add the engine's public key to .sops.yaml and run "
            "sops updatekeys.",
        )
    if ended.exit_code in _MAC_ERRORS:
        return Refused(
            f"{name} was changed by something other than sops: its MAC does not fit ({told})",
            hint="Restore the file from git history, or have its owner encrypt it anew.",
        )
    if ended.exit_code == _WRONG_TREE:
        return Refused(
            f"{name} was changed by something other than sops: it has a value that cannot be "
            f"decrypted ({told})",
            hint="Restore the file from git history. What was typed over a ciphertext can be read "
            "by whoever reads the repository: rotate it.",
        )
    meaning = _MEANINGS.get(ended.exit_code)
    return Refused(
        f"{told} on {name}" + (f": {meaning}" if meaning else ""),
        hint="Try the same with sops at hand, on a copy of the file. Its own words are not shown, as "
        "they may quote a value.",
    )
