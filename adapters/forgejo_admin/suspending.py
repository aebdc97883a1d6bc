"""`forgejo.suspend_user`: nobody can sign in with the account, and its tokens and keys are gone.

Whether `prohibit_login` alone stops tokens that exist is said nowhere, so they are deleted. Keys of
repositories (deploy keys) belong to nobody and stay; see the limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field

from adapters.forgejo_admin.site import ForgejoAdminSettings, Site, open_site
from adapters.shared.accounts import Account, Ended, Left, counted, ending_step
from engine.errors import Refused
from engine.step import Step


class User(Account):
    """Parameters of `forgejo.suspend_user`."""

    username: str = Field(min_length=1, description="The user name in Forgejo.")


def suspend_user_step(settings: ForgejoAdminSettings) -> Step[User, Ended]:
    """Return `forgejo.suspend_user`."""
    return ending_step(
        "forgejo.suspend_user",
        "Suspend somebody's account in Forgejo, and delete its tokens and ssh keys.",
        User,
        lambda params: _look(settings, params),
        lambda params, report: _end(settings, params, report),
        _describe,
    )


def _look(settings: ForgejoAdminSettings, params: User) -> Left:
    with open_site(settings) as site:
        user = _user(site, params)
        if user is None:
            return Left("", ())
        is_shut = user.get("active") is False and user.get("prohibit_login") is True
        return Left(
            params.username,
            (
                *(() if is_shut else ("an account that can sign in",)),
                *counted(len(site.tokens(params.username)), "access token"),
                *counted(len(site.keys(params.username)), "ssh key"),
            ),
        )


def _end(settings: ForgejoAdminSettings, params: User, report: Callable[[str], None]) -> None:
    with open_site(settings) as site:
        user = _user(site, params)
        if user is None:
            return
        site.suspend(user)  # first, so that nothing new can be had meanwhile
        report(f"{params.username} cannot sign in any more")
        for kind, found in (
            ("tokens", site.tokens(params.username)),
            ("keys", site.keys(params.username)),
        ):
            for each in found:
                site.delete(params.username, kind, int(each["id"]))
            report(f"{len(found)} {kind} deleted")


def _user(site: Site, params: User) -> Mapping[str, Any] | None:
    if site.myself().get("is_admin") is not True:
        raise Refused(
            "our token of forgejo is of no site administrator, and would not see everything",
            hint="Put one into the file of forgejo_admin.token_file.",
        )
    found = site.user(params.username)
    if (found is not None) == params.exists:
        return found
    there = "is a user" if found is not None else "is no user"
    raise Refused(
        f"there {there} {params.username} in forgejo, and the run was told otherwise",
        hint="Check how the name is spelled there; then start with what is so.",
    )


def _describe(params: User) -> str:
    if not params.exists:
        return f"Makes sure that Forgejo has no user `{params.username}`."
    return (
        f"**Suspends** `{params.username}` in Forgejo (no sign-in, inactive) and deletes the access "
        "tokens and ssh keys of this user."
    )
