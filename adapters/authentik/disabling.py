"""`authentik.disable_user`: the account is inactive, and no session or token of it is left.

Deactivating alone is not enough: refresh tokens outlived it (2024.10, issue 12858), and so do API
tokens and app passwords until somebody deletes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from pydantic import Field

from adapters.authentik.directory import AuthentikSettings, Directory, open_directory
from adapters.shared.accounts import Account, Ended, Left, counted, ending_step
from engine.errors import Refused
from engine.step import Step


class User(Account):
    """Parameters of `authentik.disable_user`."""

    username: str = Field(min_length=1, description="The user name in Authentik.")


def disable_user_step(settings: AuthentikSettings) -> Step[User, Ended]:
    """Return `authentik.disable_user`."""
    return ending_step(
        "authentik.disable_user",
        "Shut somebody's account in Authentik, and end its sessions and tokens.",
        User,
        lambda params: _look(settings, params),
        lambda params, report: _end(settings, params, report),
        _describe,
    )


_KINDS: Mapping[str, tuple[str, str, str]] = {
    "session": ("/core/authenticated_sessions/", "user__username", "uuid"),
    "refresh token": ("/oauth2/refresh_tokens/", "user", "pk"),
    "access token": ("/oauth2/access_tokens/", "user", "pk"),
    "authorization code": ("/oauth2/authorization_codes/", "user", "pk"),
    "API token": ("/core/tokens/", "user__username", "identifier"),
}
"""What hangs on an account: its list, by what the list is narrowed, and what names one of it."""


def _look(settings: AuthentikSettings, params: User) -> Left:
    with open_directory(settings) as directory:
        directory.require_superuser()
        user = _user(directory, params)
        if user is None:
            return Left("", ())
        active = ("an active account",) if user.get("is_active") is not False else ()
        words = [
            word for kind in _KINDS for word in counted(len([*_paths(directory, kind, user)]), kind)
        ]
    return Left(params.username, (*active, *words))


def _end(settings: AuthentikSettings, params: User, report: Callable[[str], None]) -> None:
    with open_directory(settings) as directory:
        directory.require_superuser()
        user = _user(directory, params)
        if user is None:
            return
        directory.deactivate(int(user["pk"]))  # first, so that nothing new can be had meanwhile
        report(f"{params.username} is inactive")
        for kind in _KINDS:
            paths = [*_paths(directory, kind, user)]
            for path in paths:
                directory.delete(path)
            report(f"{len(paths)} of kind {kind} deleted")


def _user(directory: Directory, params: User) -> Mapping[str, Any] | None:
    found = directory.user(params.username)
    if (found is not None) == params.exists:
        return found
    there = "is a user" if found is not None else "is no user"
    raise Refused(
        f"there {there} {params.username} in authentik, and the run was told otherwise",
        hint="Check how the name is spelled there; then start with what is so.",
    )


def _paths(directory: Directory, kind: str, user: Mapping[str, Any]) -> Iterator[str]:
    """Yield the path of each object of a kind that belongs to this user and nobody else."""
    path, narrowed, name = _KINDS[kind]
    value = user["pk"] if narrowed == "user" else user["username"]
    for each in directory.listed(path, **{narrowed: str(value)}):
        if _owner(each) != user["pk"]:
            raise Refused(
                f"authentik lists a {kind} of somebody else under {user['username']}",
                hint="This server does not narrow its lists as ours expects; do it by hand.",
            )
        yield f"{path}{quote(str(each[name]), safe='')}/"


def _owner(each: Mapping[str, Any]) -> object:
    """Return the key of the user something belongs to; a list gives it bare or with the user."""
    user = each.get("user")
    return user.get("pk") if isinstance(user, dict) else user


def _describe(params: User) -> str:
    if not params.exists:
        return f"Makes sure that Authentik has no user `{params.username}`."
    return (
        f"Makes `{params.username}` **inactive** in Authentik and deletes all sessions, refresh and "
        "access tokens, and API tokens of this user."
    )
