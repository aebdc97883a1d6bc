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


def read_text(path: Path, what: str) -> str:
    """Return the text in `path`; raise `Refused`, which says `what`, if it is not there or no text."""
    try:
        return read_file(path, what).decode("utf-8")
    except UnicodeDecodeError:
        pass  # told below, without a byte of what stands there
    raise Refused(
        f"{what} cannot be read at {path}: it is not text",
        hint="Look whether this is the right file; it holds UTF-8.",
    )


def shown_path(path: Path) -> str:
    """Spell a path as the reader would: relative where it is below the working directory."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def read_secret(path: Path, what: str) -> SecretStr:
    """Return the one-line secret in `path`; `what` names it in the error if it is not there.

    Raises `Refused`, also for what is no text.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        told = f"{what} cannot be read from {path}: {reason}"
    else:
        return _not_empty(text, path, what)
    raise Refused(
        told, hint="Put it into that file, readable by the engine's user alone (mode 0400)."
    )


def _not_empty(text: str, path: Path, what: str) -> SecretStr:
    if not text:
        raise Refused(f"{what} is empty in {path}", hint="Put the value on the first line.")
    return SecretStr(text)
