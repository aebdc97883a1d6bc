"""Who may read the encrypted files: `sops.add_reader`, `sops.remove_reader`, `sops.check_reader`.

One commit holds `.sops.yaml` and every file it decides about, and goes to the main branch as it is
at that moment. A commit that somebody else pushed first is built upon anew. What a leaver has read
stays readable to them in the history, and no commit can change that: `exposure` is about it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal

from pydantic import Field

from adapters.shared import trailers
from adapters.shared.checkout import Checkout, open_checkout
from adapters.shared.landing import push_until_landed
from adapters.shared.remote import shown
from adapters.shared.searching import branches_naming
from adapters.sops.configuration import with_reader, without
from adapters.sops.datakeys import own_recipient
from adapters.sops.program import open_sops
from adapters.sops.rekeying import Revision, add_reader, remove_reader, rules_of
from adapters.sops.values import Stores
from engine.errors import Refused
from engine.step import (
    AnyStep,
    Call,
    Done,
    Effect,
    Exclusive,
    Frozen,
    Nothing,
    NotYet,
    Preflight,
    Probe,
    Step,
    Untouched,
)

LEASE = 900.0
"""Seconds a run has the main branch to itself; a large repository takes minutes."""

Recipient = Annotated[str, Field(pattern=r"^age1[a-z0-9]{20,}$")]


class Reader(Frozen):
    """Whose key it is about."""

    recipient: Recipient = Field(description="The person's age recipient, `age1…`.")


class NewReader(Reader):
    """Parameters of `sops.add_reader`."""

    name: str = Field(default="", description="Whose key it is; becomes a comment in .sops.yaml.")
    rules: tuple[str, ...] = Field(
        default=(), description="The `path_regex` of each rule they shall be in; all if left out."
    )


class Changed(Frozen):
    """Where a change of readers can be seen."""

    commit: str = Field(description="The commit on the main branch.")
    files: tuple[str, ...] = Field(description="The files it changed; none if all was so already.")


class CheckReader(Reader):
    """Parameters of `sops.check_reader`."""

    expect: Literal["present", "absent"] = Field(description="Whether they shall be a reader.")


Build = Callable[[Checkout], Revision]


def reader_steps(stores: Stores) -> tuple[AnyStep, ...]:
    """Return the steps about readers; nothing is opened before one of them is used."""
    branch = f"branch:{stores.git.branch}"
    return (
        Step(
            name="sops.add_reader",
            summary="Let somebody read the encrypted files from now on, by one commit.",
            params=NewReader,
            outputs=Changed,
            effect=Effect.DISTRIBUTE,
            probe=lambda params, call: _probe(stores, _adding(stores, params), params, call),
            run=lambda params, call: _change(stores, _adding(stores, params), params, call, "+"),
            undo=partial(_take_out_again, stores),
            preflight=Preflight(NewReader, lambda p: _rehearse(stores, _adding(stores, p), p)),
            exclusive=lambda _: Exclusive((branch,), LEASE),
            describe=partial(_describe_added, stores),
        ),
        Step(
            name="sops.remove_reader",
            summary="Let somebody no longer read the encrypted files, under new data keys.",
            params=Reader,
            outputs=Changed,
            effect=Effect.DISTRIBUTE,
            probe=lambda params, call: _probe(stores, _removing(stores, params), params, call),
            run=lambda params, call: _change(stores, _removing(stores, params), params, call, "-"),
            undo=partial(_let_in_again, stores),
            preflight=Preflight(Reader, lambda p: _rehearse(stores, _removing(stores, p), p)),
            exclusive=lambda _: Exclusive((branch,), LEASE),
            describe=partial(_describe_removed, stores),
        ),
        Step(
            name="sops.check_reader",
            summary="See on every branch whether somebody is a reader of the encrypted files.",
            params=CheckReader,
            outputs=Nothing,
            effect=Effect.VERIFY,
            probe=lambda params, call: _check(stores, params, call),
            run=lambda params, call: _require(stores, params, call),
            undo=Untouched("looking changes nothing"),
            describe=lambda p: f"Looks whether `{p.recipient}` is {p.expect} as a reader.",
        ),
    )


def _adding(stores: Stores, params: NewReader) -> Build:
    def edit(text: str, file: str) -> str:
        return with_reader(text, file, params.recipient, params.name, params.rules)

    return lambda checkout: add_reader(open_sops(stores.sops), checkout, params.recipient, edit)


def _removing(stores: Stores, params: Reader) -> Build:
    _refuse_kept(stores, params.recipient)

    def build(checkout: Checkout) -> Revision:
        if pending := branches_naming(checkout, params.recipient):
            raise Refused(
                f"what waits on {', '.join(pending)} can be read by the one who leaves",
                hint="Let those runs end, or delete the branches, then start again; a value that "
                "is published from there would have been theirs to read.",
            )
        edit = partial(_edit_out, params.recipient)
        key_file = stores.sops.age_key_file
        return remove_reader(open_sops(stores.sops), checkout, params.recipient, edit, key_file)

    return build


def _edit_out(recipient: str, text: str, file: str) -> str:
    return without(text, file, recipient) if recipient in text else text


def _refuse_kept(stores: Stores, recipient: str) -> None:
    kept = {own_recipient(stores.sops.age_key_file): "the engine's own key"}
    kept |= dict.fromkeys(stores.sops.keep_readers, "named in sops.keep_readers")
    if recipient in kept:
        raise Refused(
            f"{recipient} may not be taken out: it is {kept[recipient]}",
            hint="Check whose recipient was typed.",
        )


def _rehearse(stores: Stores, build: Build, params: Reader) -> str:
    with open_checkout(stores.git, "preflight") as checkout:
        checkout.rehearse_push(stores.git.branch)
        files = build(checkout).files
    where = f"{stores.git.branch} of {shown(stores.git.remote)}"
    return (
        f"{len(files)} files of {where} would change for {params.recipient}, and all of them open"
    )


def _probe(stores: Stores, build: Build, params: Reader, call: Call) -> Probe[Changed]:
    with open_checkout(stores.git, call.run) as checkout:
        files = build(checkout).files
        if files:
            return NotYet(f"{len(files)} files are to change: {', '.join(files[:8])}")
        return _done(stores, checkout, checkout.landed(call.key), params)


def _change(stores: Stores, build: Build, params: Reader, call: Call, sign: str) -> Done[Changed]:
    with open_checkout(stores.git, call.run) as checkout:
        commit = _land(checkout, build, f"{sign}{params.recipient}", call)
        return _done(stores, checkout, commit, params)


def _land(checkout: Checkout, build: Build, reader: str, call: Call) -> str:
    def offer(seen: Checkout) -> str:
        revision = build(seen)
        verb = "let in" if reader.startswith("+") else "take out"
        extra = {trailers.READER: reader, trailers.LEDGER_HEAD: call.head}
        message = trailers.message(call, verb, [], extra)
        tree = seen.tree_with(seen.main, revision.folder, revision.files)
        return seen.commit(tree, seen.main, message)

    return push_until_landed(checkout, call.key, offer, call.report)[1]


def _done(stores: Stores, checkout: Checkout, commit: str | None, params: Reader) -> Done[Changed]:
    """Tell of our commit; of main as it is, where none was needed."""
    files = sorted(checkout.changed_files(f"{commit}^", commit)) if commit else []
    told = f"{len(files)} files at once" if files else "nothing, as all was so already"
    at = commit or checkout.main
    return Done(
        Changed(commit=at, files=tuple(files)),
        f"{stores.git.branch} at {at[:12]} changed {told} for {params.recipient}",
    )


def _take_out_again(stores: Stores, params: NewReader, outputs: Changed, call: Call) -> Changed:
    reader = Reader(recipient=params.recipient)
    return _taken_back(stores, _removing(stores, reader), outputs, call, f"-{params.recipient}")


def _let_in_again(stores: Stores, params: Reader, outputs: Changed, call: Call) -> Changed:
    def build(checkout: Checkout) -> Revision:
        had = rules_of(checkout, f"{outputs.commit}^", params.recipient)

        def edit(text: str, file: str) -> str:
            rules = had.get(file, ())
            return with_reader(text, file, params.recipient, call.about, rules) if rules else text

        return add_reader(open_sops(stores.sops), checkout, params.recipient, edit)

    return _taken_back(stores, build, outputs, call, f"+{params.recipient}")


def _taken_back(stores: Stores, build: Build, outputs: Changed, call: Call, reader: str) -> Changed:
    if not outputs.files:
        return outputs  # it was so before us
    with open_checkout(stores.git, call.run) as checkout:
        commit = _land(checkout, build, reader, call)
        files = checkout.changed_files(f"{commit}^", commit)
    return Changed(commit=commit, files=tuple(sorted(files)))


def _check(stores: Stores, params: CheckReader, call: Call) -> Probe[Nothing]:
    reader = NewReader(recipient=params.recipient)
    is_out = params.expect == "absent"
    build = _removing(stores, reader) if is_out else _adding_nobody(stores, params)
    try:
        with open_checkout(stores.git, call.run) as checkout:
            files = build(checkout).files
    except Refused as error:
        return NotYet(error.message)
    if files:
        return NotYet(f"{params.recipient} is not {params.expect}: {', '.join(files[:8])}")
    where = f"{stores.git.branch} at {checkout.main[:12]}"
    return Done(Nothing(), f"{params.recipient} is {params.expect} in {where} and on every branch")


def _adding_nobody(stores: Stores, params: CheckReader) -> Build:
    def build(checkout: Checkout) -> Revision:
        named = rules_of(checkout, checkout.main, params.recipient)
        if not any(named.values()):
            raise Refused(f"no rule of .sops.yaml names {params.recipient}")
        sops = open_sops(stores.sops)
        return add_reader(sops, checkout, params.recipient, lambda text, _: text)

    return build


def _require(stores: Stores, params: CheckReader, call: Call) -> Done[Nothing]:
    found = _check(stores, params, call)
    if isinstance(found, Done):
        return found
    raise Refused(
        found.finding if isinstance(found, NotYet) else "it cannot be told",
        hint="See who changed the readers since, and mend that.",
    )


def _describe_added(stores: Stores, params: NewReader) -> str:
    rules = ", ".join(f"`{rule}`" for rule in params.rules) or "all rules"
    return (
        f"Adds `{params.recipient}` to {rules} of `.sops.yaml`, wraps the data key of every file "
        f"they are for, and pushes **one commit** to `{stores.git.branch}`."
    )


def _describe_removed(stores: Stores, params: Reader) -> str:
    return (
        f"Takes `{params.recipient}` out of `.sops.yaml` and of every file, gives those files **new "
        f"data keys**, and pushes one commit to `{stores.git.branch}`. What they could read so far "
        "stays readable to them in the history: those values have to be rotated."
    )
