"""`runbook gateway`: Prefect's server behind verified people; its key and its tokens."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.gateway import Role
from adapters.platform import open_platform
from adapters.shared.files import read_text
from cli.newfile import write_new, write_over
from cli.options import new_app
from cli.screen import say, show, table
from engine.errors import Refused

if TYPE_CHECKING:
    from gateway.store import Store

app = new_app()

DAY = 86_400
LONGEST_DAYS = 366


@app.callback()
def gateway() -> None:
    """Serve Prefect behind people who have signed in."""


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; others reach it through a proxy with TLS.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 4200,
) -> None:
    """Serve Prefect's server and UI behind the gateway, until told to end."""
    settings = open_platform().settings.gateway
    from gateway.serve import serve as serve_until_ended

    serve_until_ended(settings, host, port)


@app.command()
def keygen(
    key: Annotated[
        Path, typer.Option("--key", metavar="FILE", help="Where the private key goes, mode 0400.")
    ],
    public: Annotated[
        Path,
        typer.Option(
            "--public", metavar="FILE", help="The public keys for workers; older ones stay in it."
        ),
    ],
) -> None:
    """Make the key that signs approvals.

    Give every worker the file of public keys before the gateway gets the private one. To renew the
    key, make another private file with the same public one, which then holds both.
    """
    from gateway.signing import new_key, spell_private, spell_public

    before = read_text(public, "the file of public keys") if public.exists() else ""
    made = new_key()
    listed = spell_public(made, before)
    write_new(key, spell_private(made).encode())
    write_over(public, listed.encode(), 0o644)
    say(f"key {made.kid}: private in {key}, public in {public}")


@app.command()
def token(
    subject: Annotated[
        str, typer.Option(metavar="NAME", help="Whom or what the token is for, as the ledger says.")
    ],
    role: Annotated[
        Role | None, typer.Option(metavar="ROLE", help="For a machine: worker or deployer.")
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="GROUP", help="For a person: a group; once for each."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=LONGEST_DAYS, help="How long it is good.")] = 90,
) -> None:
    """Make a token and print it, this once; only its hash is kept.

    A machine has a role. A person has groups, which give them roles and say at which gates they
    may decide, just as if they had signed in; a gate that wants a fresh sign-in takes no such token
    for long.
    """
    from gateway import tokens

    if (role is None) == (not group):
        raise Refused(
            "a token is for a machine with --role or for a person with --group, and never both"
        )
    seconds = days * DAY
    if role is not None:
        made = tokens.new_machine(_store(), subject, role, seconds)
    else:
        made = tokens.new_person(
            _store(), subject, group or (), seconds, signed_in=int(time.time())
        )
    print(made.get_secret_value())


@app.command()
def tokens() -> None:
    """List the tokens that are good now."""
    from gateway import tokens as kept

    rows = (
        (each.id, each.subject, ", ".join((*each.roles, *each.groups)), f"{each.ends:%Y-%m-%d}")
        for each in kept.listed(_store())
    )
    show(table(("Id", "For", "Role or groups", "Ends (UTC)"), rows))


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(metavar="[ID]", help="Id of the token, as listed.")] = "",
    subject: Annotated[
        str, typer.Option(metavar="NAME", help="End all that lets this person in, in its place.")
    ] = "",
) -> None:
    """End a token now, or all tokens and browser sessions of somebody.

    Whoever leaves is let in by what they were given before, also when their account at the identity
    provider is shut: it is asked at a sign-in alone. Shut the account first, or they sign in again.
    """
    from gateway import tokens as kept

    if bool(token) == bool(subject):
        raise Refused(
            "either the id of a token is ended, or all that a person has",
            hint="`runbook gateway tokens` lists the ids; `--subject NAME` ends all of one person.",
        )
    if subject:
        from gateway.ending import end_all

        say(f"ended of {subject}: {end_all(_store(), subject)}")
        return
    say(f"the token of {kept.revoke(_store(), token)} is ended")


def _store() -> Store:
    from gateway import store

    path = open_platform().settings.gateway.state_file
    if path is None:
        raise Refused("`gateway.state_file` is not set", hint="Add it to the settings.")
    return store.Store(path)
