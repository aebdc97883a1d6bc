"""Where a value stands: a file of the repository and the way through its keys."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, StrictStr

from adapters.shared.trailers import Change, KeyPath, parse_index
from engine.step import Frozen

SUFFIXES = (".yaml", ".yml", ".json")
"""The formats whose trees can be compared before and after."""

_INDEX = re.compile(r"(\[(\"[^\"\[\]]+\"|'[^'\[\]]+'|\d+)\])+")


def _repository_file(file: str) -> str:
    path = PurePosixPath(file)
    if path.is_absolute() or {"..", ".git"} & set(path.parts) or str(path) != file:
        raise ValueError("the file must be a plain path inside the repository")
    if not file.isprintable() or "#" in file:
        raise ValueError("the file name may hold neither '#' nor unprintable characters")
    if not file.endswith(SUFFIXES):
        raise ValueError(f"the file must end with one of {', '.join(SUFFIXES)}")
    return file


def _split(path: Any) -> Any:
    """Read `a.b.0` and `["a"]["b"][0]`; leave a list as it is."""
    if not isinstance(path, str):
        return path
    if path.startswith("["):
        if _INDEX.fullmatch(path) is None:
            raise ValueError('the path must look like ["ai_agents"]["anthropic_api_key"]')
        return parse_index(path.replace("'", '"'))
    return tuple(int(part) if part.isdecimal() else part for part in path.split("."))


def _sound(path: KeyPath) -> KeyPath:
    if not path or path[0] == "sops":
        raise ValueError("the path must name a value, and not one of the sops section")
    for part in path:
        text = str(part)
        # sops splits its index at brackets and strips the quotes; it knows no escape
        if not text or not text.isprintable() or set(text) & set("[]\"'") or text.startswith("-"):
            raise ValueError("a key of the path is empty or holds a bracket or a quote")
    return path


class SopsLocation(Frozen):
    """One value in one encrypted file."""

    file: Annotated[str, AfterValidator(_repository_file)] = Field(
        description="Path of the encrypted file inside the repository."
    )
    path: Annotated[
        tuple[StrictInt | StrictStr, ...], BeforeValidator(_split), AfterValidator(_sound)
    ] = Field(
        description="Keys down to the value: a list, `ai_agents.anthropic_api_key` (bare digits "
        'are an index), or as sops writes it, `["ai_agents"]["anthropic_api_key"]`.'
    )

    @property
    def change(self) -> Change:
        """Return the place as commits name it."""
        return Change(self.file, self.path)

    def __str__(self) -> str:
        return str(self.change)
