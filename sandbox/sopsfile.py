"""The encrypted file: made and opened by the real sops, cleartext in pipes only.

sops >= 3.11 reads cleartext from stdin when `--filename-override` names the rules to use.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sandbox.documents import dump_yaml
from sandbox.layout import SOPS_FILE
from sandbox.programs import run_program
from sandbox.values import flatten, nest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_QUIET = "--disable-version-check"


def creation_rules(recipients: Sequence[str], names: Sequence[str] = ()) -> str:
    """Return the `.sops.yaml` of the infra repository, with names as comments where there are any."""
    rule = {"path_regex": r"infra/secrets/.*\.enc\.yaml$", "age": list(recipients)}
    rules = dump_yaml({"creation_rules": [rule], "stores": {"yaml": {"indent": 2}}})
    for recipient, name in zip(recipients, names, strict=False):
        rules = rules.replace(f"{recipient}\n", f"{recipient}  # {name}\n")
    return rules


def encrypt_tree(values: Mapping[str, str], recipients: Sequence[str]) -> bytes:
    """Return the SOPS file that holds `values`, encrypted to `recipients`."""
    clear = dump_yaml(nest(values)).encode()
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder, ".sops.yaml")
        rules.write_text(creation_rules(recipients))
        return run_program(
            ["sops", "--config", str(rules), _QUIET, "encrypt", "--filename-override", SOPS_FILE],
            stdin=clear,
            environment={"HOME": folder},
        )


def decrypt_tree(encrypted: bytes, identity: Path) -> dict[str, str]:
    """Return every value by dotted path; raise `ProgramFailed` when sops refuses the file."""
    clear = run_program(
        ["sops", _QUIET, "decrypt", "--filename-override", SOPS_FILE, "--output-type", "json"],
        stdin=encrypted,
        environment={"HOME": str(identity.parent), "SOPS_AGE_KEY_FILE": str(identity)},
    )
    return flatten(cast("dict[str, dict[str, str]]", json.loads(clear)))


def set_value(encrypted: bytes, path: str, value: str, identity: Path) -> bytes:
    """Return the file after `sops set` of one value, as a colleague at a laptop would do it."""
    index = "".join(f"[{json.dumps(part)}]" for part in path.split("."))
    folder = Path(tempfile.mkdtemp())
    try:
        copy = folder / Path(SOPS_FILE).name
        copy.write_bytes(encrypted)
        run_program(
            ["sops", _QUIET, "set", "--value-stdin", str(copy), index],
            stdin=json.dumps(value).encode(),
            environment={"HOME": str(folder), "SOPS_AGE_KEY_FILE": str(identity)},
        )
        return copy.read_bytes()
    finally:
        shutil.rmtree(folder)
