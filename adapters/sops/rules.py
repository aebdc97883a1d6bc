"""Whether the rules of an encrypted file leave a value in clear, found out before it gets there.

A file says by suffixes, regular expressions or comments what of it is encrypted; each holds for any
key of a path (sops 3.13.2, sops.go, shouldBeEncrypted). sops itself is asked, with a word that opens
nothing: its expressions are Go's, and a value that it would leave in clear must not get to a disk.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from pydantic import SecretStr

from adapters.shared.trailers import KeyPath
from adapters.sops.document import parse
from adapters.sops.program import Sops

_WORD = SecretStr("a word that opens nothing")


def refuse_clear(sops: Sops, file: Path, path: KeyPath) -> None:
    """Raise `Refused` if what is written to `path` of `file` would lie there in clear.

    What is encrypted there already is not tried: it was written under the same rules.
    """
    raw = file.read_bytes()
    leaf = parse(raw, file.name).leaf(path)
    if leaf is not None and leaf.type:
        return
    # beside the file, for the `.sops.yaml` above it
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".runbook-") as folder:
        copy = Path(folder) / file.name
        copy.write_bytes(raw)
        sops.write(copy, path, SecretStr(f'"{_WORD.get_secret_value()}"'), _WORD)
        parse(copy.read_bytes(), file.name).require(path)
