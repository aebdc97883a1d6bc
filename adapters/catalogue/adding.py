"""Writing an entry beside the value of its secret: what `catalogue.add` does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from adapters.catalogue.reading import part_of, read_shipped
from adapters.catalogue.text import SECRETS, entries, with_entry
from adapters.shared import trailers
from adapters.shared.checkout import Change, Checkout, GitSettings, open_checkout
from adapters.shared.remote import shown
from engine.errors import Refused
from engine.findings import Invalid, refusal
from engine.merging import merged
from engine.step import Call, Done, Frozen, NotYet, Probe, Unclear


class Add(Frozen):
    """Parameters of `catalogue.add`."""

    secret: str = Field(description="Name of the secret.")
    entry: dict[str, Any] | None = Field(
        description="Its entry, as it will stand in the file; none where the catalogue has one."
    )


class Added(Frozen):
    """Where the entry can be found."""

    branch: str = Field(description="Branch that holds the entry; empty where none was to write.")
    commit: str = Field(description="Commit that holds the entry.")


@dataclass(frozen=True)
class Files:
    """Where the catalogue's files are."""

    git: GitSettings
    shipped: Path


def preflight(files: Files, params: Add) -> str:
    """Return a sentence if the entry can be written; raise `Refused` where its name or place is taken."""
    if params.entry is None:
        return f"the catalogue has an entry {params.secret}, and it stays as it is"
    _needed(files)
    with open_checkout(files.git, "preflight") as checkout:
        text = _text(checkout, checkout.main, files.git.catalogue)
        known = (read_shipped(files.shipped), part_of(text, files.git.catalogue))
        for part in known:
            if params.secret in part.catalogue.secrets:
                raise Refused(
                    f"the catalogue has an entry {params.secret} already, at "
                    f"{part.place(params.secret)}",
                    hint="Name the new secret otherwise. To bring the first value of that one, "
                    "leave everything that describes it as it was; to renew it, rotate it.",
                )
        _grown(files, text, params)
        checkout.rehearse_push(checkout.pending_branch)
    return f"{files.git.catalogue} takes an entry {params.secret}"


def probe(files: Files, params: Add, call: Call) -> Probe[Added]:
    """Look whether the pending branch, or else main, has the entry."""
    if params.entry is None:
        return _as_it_was(params)
    _needed(files)
    with open_checkout(files.git, call.run) as checkout:
        commit = checkout.pending or checkout.main
        branch = checkout.pending_branch if checkout.pending else files.git.branch
        held = _held(checkout, commit, files, params)
        if held == params.entry:
            return _done(files, params, branch, commit)
        if held is not None:
            return Unclear(f"{_place(files, params)} on {branch} is another entry than this one")
        return NotYet(f"{files.git.catalogue} on {branch} has no entry {params.secret}")


def add(files: Files, params: Add, call: Call) -> Done[Added]:
    """Commit the entry to the pending branch of the run, and push it."""
    if params.entry is None:
        return _as_it_was(params)
    _needed(files)
    file = files.git.catalogue
    with open_checkout(files.git, call.run) as checkout:
        tip = checkout.pending or checkout.main
        held = _held(checkout, tip, files, params)
        if held is not None and held != params.entry:
            raise Refused(
                f"{_place(files, params)} is another entry than this one",
                hint="Find out who put it there; stop this run, or take theirs away.",
            )
        if held is not None:
            branch = checkout.pending_branch if checkout.pending else files.git.branch
            return _done(files, params, branch, tip)
        grown = _grown(files, _text(checkout, tip, file), params)
        folder = checkout.place(tip, [file])
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(grown, encoding="utf-8")
        change = Change(file, (SECRETS, params.secret))
        message = trailers.message(call, trailers.verb_of(call), [change])
        commit = checkout.commit(checkout.tree_with(tip, folder, [file]), tip, message)
        checkout.push_pending(commit, call.report)
        return _done(files, params, checkout.pending_branch, commit)


def take_back(files: Files, params: Add, outputs: Added, call: Call) -> Added:
    """Delete the pending branch; refuse if main holds what this run put there."""
    if outputs.branch in {"", files.git.branch} or params.entry is None:
        return outputs  # it was there before us
    with open_checkout(files.git, call.run) as checkout:
        if _held(checkout, checkout.main, files, params) == params.entry:
            raise Refused(
                f"{files.git.branch} holds {_place(files, params)} already",
                hint="Take the publishing back first.",
            )
        checkout.undo_pending()
        return Added(branch=files.git.branch, commit=checkout.main)


def _grown(files: Files, text: str, params: Add) -> str:
    """Return the text with the entry; raise `Refused` where the catalogue as a whole cannot take it."""
    file = files.git.catalogue
    grown = with_entry(text, file, params.secret, params.entry or {})
    try:
        merged([read_shipped(files.shipped), part_of(grown, file)])
    except Invalid as error:
        wrong = refusal(error)
    else:
        return grown
    raise wrong


def _held(checkout: Checkout, commit: str, files: Files, params: Add) -> Mapping[str, Any] | None:
    file = files.git.catalogue
    found: Mapping[str, Any] | None = entries(_text(checkout, commit, file), file).get(
        params.secret
    )
    return found


def _text(checkout: Checkout, commit: str, file: str) -> str:
    raw = checkout.content(commit, file)
    return "" if raw is None else raw.decode("utf-8", errors="replace")


def _needed(files: Files) -> None:
    if not files.git.catalogue:
        raise Refused(
            "there is no catalogue in git that an entry could be written into",
            hint="Set git.catalogue to its path in the repository of the secrets, or write the "
            "entry into the catalogue by hand and start again with its name alone.",
        )


def _place(files: Files, params: Add) -> str:
    return f"the entry {params.secret} of {files.git.catalogue}"


def _as_it_was(params: Add) -> Done[Added]:
    return Done(
        Added(branch="", commit=""),
        f"the catalogue has an entry {params.secret} already, and it stays as it is",
    )


def _done(files: Files, params: Add, branch: str, commit: str) -> Done[Added]:
    where = f"{branch} of {shown(files.git.remote)} at {commit[:12]}"
    return Done(Added(branch=branch, commit=commit), f"{where} has {_place(files, params)}")
