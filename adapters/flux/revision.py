"""Which commit a Flux revision stands for: pure functions of text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

IsDescendant: TypeAlias = Callable[[str, str], bool]
"""Tell whether the first commit is the second one or comes after it."""

COMMIT_PATTERN = r"^[0-9a-f]{40}([0-9a-f]{24})?$"
"""A full commit id, SHA-1 or SHA-256."""

_AT_END = re.compile(r"(?:^|[@:/])([0-9a-f]{64}|[0-9a-f]{40})$")


def commit_of(revision: str) -> str:
    """Return the commit in `main@sha1:<commit>` or the older `main/<commit>`, else nothing."""
    found = _AT_END.search(revision)
    return found.group(1) if found else ""


def contains(revision: str, commit: str, is_descendant: IsDescendant) -> bool:
    """Tell whether `revision` is `commit` or came after it."""
    found = commit_of(revision)
    return bool(found) and (found == commit or is_descendant(found, commit))


def is_same(found: str, commit: str) -> bool:
    """Be the `IsDescendant` of one who has no git to ask: only the same commit counts."""
    return found == commit
