"""`catalogue.add`: the entry of a new secret, on the pending branch where its value is."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import yaml

from adapters.catalogue.adding import Add, Added, Files, add, preflight, probe, take_back
from adapters.shared.checkout import GitSettings
from engine.step import AnyStep, Effect, Preflight, Step


def steps(git: GitSettings, shipped: Path) -> tuple[AnyStep, ...]:
    """Return the step of this adapter; nothing is opened before it is used."""
    files = Files(git, shipped)
    return (
        Step(
            name="catalogue.add",
            summary="Write the entry of a new secret into the catalogue in git, on the pending "
            "branch of the run.",
            params=Add,
            outputs=Added,
            effect=Effect.STORE,
            probe=partial(probe, files),
            run=partial(add, files),
            undo=partial(take_back, files),
            preflight=Preflight(Add, partial(preflight, files)),
            describe=partial(_describe, files),
        ),
    )


def _describe(files: Files, params: Add) -> str:
    if params.entry is None:
        return f"The catalogue has an entry `{params.secret}`. Nothing is written."
    told = yaml.safe_dump(
        {params.secret: params.entry},
        default_flow_style=None,
        sort_keys=False,
        allow_unicode=True,
        width=1000,
    )
    return (
        f"Write this entry into `{files.git.catalogue}`, on a branch `{files.git.pending_prefix}…`, "
        f"to be published with the value:\n\n```yaml\n{told}```"
    )
