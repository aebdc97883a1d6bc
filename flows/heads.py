"""Heads of the ledger that Prefect has kept: each run's record ends with the newest one.

Prefect keeps every version of an artifact, so each time a record was written is a witness of its
own. One that is gone proves nothing: whoever may delete artifacts can make it go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, ArtifactFilterType
from prefect.client.schemas.objects import Artifact
from prefect.client.schemas.sorting import ArtifactSort

from engine.witnesses import Witness
from flows.door import connected
from flows.record import KEY, head_in

FORGER = "whoever may write artifacts in Prefect"
_KEY = re.compile(re.escape(KEY) + r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def artifact_heads(page: int | None = None) -> tuple[Witness, ...]:
    """Return a witness for each record of a run that Prefect has, the first entry's first.

    `page` is how many artifacts to ask for at once; left out, the server decides. Raises `Refused`
    and `Transient` as `flows.door.connected` does.
    """
    found = {artifact.id: _witness(artifact) for artifact in _artifacts(page)}
    return tuple(sorted(filter(None, found.values()), key=lambda witness: witness.sequence))


def _artifacts(page: int | None) -> Iterator[Artifact]:
    """Yield all that may be records; one that is made meanwhile moves others, which come twice."""
    wanted = ArtifactFilter(
        key=ArtifactFilterKey(like_=f"{KEY}%"), type=ArtifactFilterType(any_=["markdown"])
    )
    offset = 0
    with connected() as client:
        while some := client.read_artifacts(
            artifact_filter=wanted, sort=ArtifactSort.ID_DESC, limit=page, offset=offset
        ):
            yield from some
            offset += len(some)


def _witness(artifact: Artifact) -> Witness | None:
    if _KEY.fullmatch(artifact.key or "") is None or not isinstance(artifact.data, str):
        return None
    head = head_in(artifact.data)
    if head is None:
        return None
    sequence, digest = head
    return Witness(digest, f"artifact {artifact.id} ({artifact.key})", sequence, FORGER)
