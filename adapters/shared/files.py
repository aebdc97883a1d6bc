"""Files of a platform; credentials come from files, never from environment or argv, where others can
read them.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from engine.errors import Refused


def read_file(path: Path, what: str) -> bytes:
    """Return the content of `path`; `what` names it in the `Refused` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"{what} cannot be read at {path}: {error.strerror}") from None


def shown_path(path: Path) -> str:
    """Spell a path as the reader would: relative where it is below the working directory."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def read_secret(path: Path, what: str) -> SecretStr:
    """Return the one-line secret in `path`; `what` names it in the error if it is not there."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Refused(
            f"{what} cannot be read from {path}: {error.strerror}",
            hint="Put it into that file, readable by the engine's user alone (mode 0400).",
        ) from None
    if not text:
        raise Refused(f"{what} is empty in {path}", hint="Put the value on the first line.")
    return SecretStr(text)
