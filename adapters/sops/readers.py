"""Who may read the encrypted files: `sops.add_reader`, `sops.remove_reader`, `sops.check_reader`.

One commit holds `.sops.yaml` and every file it decides about, and goes to the main branch as it is
at that moment. A commit that somebody else pushed first is built upon anew. What a leaver has read
stays readable to them in the history, and no commit can change that: `exposure` is about it.
"""

from __future__ import annotations

from functools import partial

from pydantic import Field

from adapters.shared import trailers
from adapters.shared.checkout import Checkout, open_checkout
from adapters.shared.landing import push_until_landed
from adapters.shared.recipients import Recipient
from adapters.shared.remote import shown
from adapters.sops.checking import check_reader_step
from adapters.sops.configuration import readers, with_reader
from adapters.sops.leaving import Readers, removing
from adapters.sops.program import open_sops
from adapters.sops.rekeying import Build, Revision, add_readers, all_rules, rules_of
from adapters.sops.values import Stores
from engine.errors import Refused
from engine.step import (
    AnyStep,
    Call,
    Done,
    Effect,
    Exclusive,
    Frozen,
    NotYet,
    Preflight,
    Probe,
    Step,
)

LEASE = 900.0
"""Seconds a run has the main branch to itself; a large repository takes minutes."""


class Reader(Frozen):
    """Whose key it is about."""

    recipient: Recipient = Field(description="The person's age recipient, `age1…`.")

    @property
    def told(self) -> str:
        """Return what people call them."""
        return self.recipient


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
            params=Readers,
            outputs=Changed,
            effect=Effect.DISTRIBUTE,
            probe=lambda params, call: _probe(stores, removing(stores, params), params, call),
            run=lambda params, call: _change(stores, removing(stores, params), params, call, "-"),
            undo=partial(_let_in_again, stores),
            preflight=Preflight(Readers, lambda p: _rehearse(stores, removing(stores, p), p)),
            exclusive=lambda _: Exclusive((branch,), LEASE),
            describe=partial(_describe_removed, stores),
        ),
        check_reader_step(stores),
    )


def _adding(stores: Stores, params: NewReader) -> Build:
    def edit(text: str, file: str) -> str:
        rules = [rule for rule in params.rules if rule in readers(text, file)]
        if params.rules and not rules:
            return text  # they are in another `.sops.yaml`
        return with_reader(text, file, params.recipient, params.name, rules)

    def build(checkout: Checkout) -> Revision:
        known = all_rules(checkout, checkout.main)
        if unknown := [rule for rule in params.rules if rule not in known]:
            raise Refused(
                f"no rule is for {', '.join(unknown)}",
                hint=f"The rules of .sops.yaml are for: {', '.join(known)}.",
            )
        return add_readers(open_sops(stores.sops), checkout, [params.recipient], edit)

    return build


def _rehearse(stores: Stores, build: Build, params: Reader | Readers) -> str:
    with open_checkout(stores.git, "preflight") as checkout:
        checkout.rehearse_push(stores.git.branch)
        files = build(checkout).files
    where = f"{stores.git.branch} of {shown(stores.git.remote)}"
    if _has_no_key(params):
        return f"no rule of {where} says that a key is {params.told}'s, as was said"
    return f"{len(files)} files of {where} would change for {params.told}, and all of them open"


def _probe(stores: Stores, build: Build, params: Reader | Readers, call: Call) -> Probe[Changed]:
    with open_checkout(stores.git, call.run) as checkout:
        files = build(checkout).files
        if files:
            return NotYet(f"{len(files)} files are to change: {', '.join(files[:8])}")
        return _done(stores, checkout, checkout.landed(call.key), params)


def _change(
    stores: Stores, build: Build, params: Reader | Readers, call: Call, sign: str
) -> Done[Changed]:
    recipients = params.recipients if isinstance(params, Readers) else (params.recipient,)
    with open_checkout(stores.git, call.run) as checkout:
        commit = _land(checkout, build, _signed(sign, recipients), call)
        return _done(stores, checkout, commit, params)


def _signed(sign: str, recipients: tuple[str, ...]) -> str:
    return " ".join(f"{sign}{each}" for each in recipients)


def _land(checkout: Checkout, build: Build, signed: str, call: Call) -> str:
    def offer(seen: Checkout) -> str:
        revision = build(seen)
        verb = "let in" if signed.startswith("+") else "take out"
        extra = {trailers.READER: signed, trailers.LEDGER_HEAD: call.head}
        message = trailers.message(call, verb, [], extra)
        tree = seen.tree_with(seen.main, revision.folder, revision.files)
        return seen.commit(tree, seen.main, message)

    return push_until_landed(checkout, call.key, offer, call.report)[1]


def _done(
    stores: Stores, checkout: Checkout, commit: str | None, params: Reader | Readers
) -> Done[Changed]:
    """Tell of our commit; of main as it is, where none was needed."""
    files = sorted(checkout.changed_files(f"{commit}^", commit)) if commit else []
    at = commit or checkout.main
    told = f"{len(files)} files at once" if files else "nothing, as all was so already"
    finding = f"{stores.git.branch} at {at[:12]} changed {told} for {params.told}"
    if _has_no_key(params):
        finding = (
            f"nothing was to change: {params.told} is said to have no age key, and no comment "
        )
        finding += f"in .sops.yaml of {stores.git.branch} at {at[:12]} says otherwise"
    return Done(Changed(commit=at, files=tuple(files)), finding)


def _has_no_key(params: Reader | Readers) -> bool:
    return isinstance(params, Readers) and not params.exists


def _take_out_again(stores: Stores, params: NewReader, outputs: Changed, call: Call) -> Changed:
    build = removing(stores, Readers(recipients=(params.recipient,)))
    return _taken_back(stores, build, outputs, call, _signed("-", (params.recipient,)))


def _let_in_again(stores: Stores, params: Readers, outputs: Changed, call: Call) -> Changed:
    def build(checkout: Checkout) -> Revision:
        before = f"{outputs.commit}^"
        had = {who: rules_of(checkout, before, who) for who in params.recipients}

        def edit(text: str, file: str) -> str:
            for who, rules in had.items():
                if rules.get(file):
                    text = with_reader(text, file, who, call.about, rules[file])
            return text

        sops = open_sops(stores.sops)
        return add_readers(sops, checkout, params.recipients, edit, passes_over=True)

    return _taken_back(stores, build, outputs, call, _signed("+", params.recipients))


def _taken_back(stores: Stores, build: Build, outputs: Changed, call: Call, signed: str) -> Changed:
    if not outputs.files:
        return outputs  # it was so before us
    with open_checkout(stores.git, call.run) as checkout:
        commit = _land(checkout, build, signed, call)
        files = checkout.changed_files(f"{commit}^", commit)
    return Changed(commit=commit, files=tuple(sorted(files)))


def _describe_added(stores: Stores, params: NewReader) -> str:
    rules = ", ".join(f"`{rule}`" for rule in params.rules) or "all rules"
    return (
        f"Adds `{params.recipient}` to {rules} of `.sops.yaml`, wraps the data key of every file "
        f"they are for, and pushes **one commit** to `{stores.git.branch}`."
    )


def _describe_removed(stores: Stores, params: Readers) -> str:
    if not params.exists:
        return (
            f"Makes sure that no comment in `.sops.yaml` calls a recipient `{params.name}`; changes "
            "nothing."
        )
    named = " and ".join(f"`{each}`" for each in params.recipients)
    return (
        f"Takes {named} out of `.sops.yaml` and of every file, gives those files **new data keys**, "
        f"and pushes one commit to `{stores.git.branch}`. What they could read so far stays readable "
        "to them in the history: those values have to be rotated."
    )
