"""The look at the remote, and what is said to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from pydantic import ValidationError

from adapters.shared import remote
from adapters.shared.checkout import Change, GitSettings, is_descendant, open_checkout
from adapters.shared.trailers import index_of, one_line
from engine.errors import Refused
from tests.adapters import infra as world
from tests.adapters.infra import FILE, Infra


@pytest.fixture
def infra(tmp_path: Path) -> Infra:
    return world.build(tmp_path)


def test_the_directory_is_gone_afterwards(infra: Infra) -> None:
    with open_checkout(infra.git, "run-1") as checkout:
        home = checkout.home
        assert home.exists()
    assert not home.exists()


def test_the_directory_is_gone_after_a_failure(infra: Infra) -> None:
    homes: list[Path] = []

    def fail() -> None:
        with open_checkout(infra.git, "run-1") as checkout:
            homes.append(checkout.home)
            checkout.content(checkout.main, "infra")

    with pytest.raises(Refused, match="not a regular file"):
        fail()
    assert [home.exists() for home in homes] == [False]


@pytest.mark.parametrize("allows_filters", ["true", "false"])
@pytest.mark.parametrize("scheme", ["file://", ""])
def test_any_remote_will_do(infra: Infra, scheme: str, allows_filters: str) -> None:
    infra.in_remote("config", "uploadpack.allowFilter", allows_filters)

    with open_checkout(GitSettings(remote=f"{scheme}{infra.remote}"), "run-1") as checkout:
        assert checkout.main == infra.head()
        assert checkout.content(checkout.main, FILE) == infra.read()
        assert checkout.content(checkout.main, "nowhere") is None


def test_blobs_come_only_when_they_are_asked_for(infra: Infra) -> None:
    infra.commit({"big": b"x" * 1000})
    blob = infra.in_remote("rev-parse", "main:big")
    listing = ("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")

    with open_checkout(infra.git, "run-1") as checkout:
        assert blob.encode() not in checkout.git.local(*listing)
        assert checkout.content(checkout.main, "big") == b"x" * 1000


def test_bytes_pass_through_git_unchanged(infra: Infra) -> None:
    content = b"a: b\r\nc: \xff\n\n"
    infra.commit({".gitattributes": b"* text eol=crlf\n", "dir/odd.yaml": content})

    with open_checkout(infra.git, "run-1") as checkout:
        folder = checkout.place(checkout.main, ["dir/odd.yaml"])
        assert (folder / "dir/odd.yaml").read_bytes() == content
        assert (folder / ".sops.yaml").exists()
        same = checkout.tree_with(checkout.main, folder, ["dir/odd.yaml"])
        assert same == checkout.tree(checkout.main)


def test_a_program_file_stays_executable(infra: Infra) -> None:
    blob = infra.in_remote("rev-parse", f"main:{FILE}")
    tree = infra.in_remote("mktree", stdin=f"100755 blob {blob}\trun.yaml\n".encode())
    who = ("-c", "user.name=P", "-c", "user.email=p@example.org")
    made = infra.in_remote(*who, "commit-tree", tree, "-p", "main", "-m", "x")
    infra.in_remote("update-ref", "refs/heads/main", made)

    with open_checkout(infra.git, "run-1") as checkout:
        folder = checkout.place(checkout.main, ["run.yaml"])
        assert checkout.tree_with(checkout.main, folder, ["run.yaml"]) == tree


def test_a_refresh_sees_a_branch_come_and_go(infra: Infra) -> None:
    with open_checkout(infra.git, "run-1") as checkout:
        assert checkout.pending is None
        made = infra.commit({"x": b"y"}, branch="rotate/run-1")
        assert checkout.refresh().pending == made
        infra.in_remote("update-ref", "-d", "refs/heads/rotate/run-1")
        assert checkout.refresh().pending is None


def test_the_branch_of_a_run_with_a_longer_name_is_another_branch(infra: Infra) -> None:
    infra.commit({"x": b"y"}, branch="rotate/run-11")

    with open_checkout(infra.git, "run-1") as checkout:
        assert checkout.pending is None


def test_a_pending_branch_that_moved_is_not_deleted(infra: Infra) -> None:
    infra.commit({"x": b"1"}, branch="rotate/run-1")

    with open_checkout(infra.git, "run-1") as checkout:
        infra.commit({"x": b"2"}, branch="rotate/run-1")
        assert not checkout.drop_pending()
    assert "rotate/run-1" in infra.branches()


def test_hooks_signing_and_aliases_of_the_user_are_not_ours(
    infra: Infra, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = infra.root / "home" / ".gitconfig"
    config.parent.mkdir()
    config.write_text("[commit]\n gpgsign = true\n[core]\n hooksPath = /x\n[user]\n name = Me\n")
    monkeypatch.setenv("HOME", str(config.parent))

    with open_checkout(infra.git, "run-1") as checkout:
        made = checkout.commit(checkout.tree(checkout.main), checkout.main, "x")
        assert checkout.git.push(made, "rotate/run-1")
    assert infra.in_remote("log", "-1", "--format=%an %ae", made) == (
        "Runbook Engine runbook@localhost"
    )


def test_ssh_is_strict_and_never_asks(tmp_path: Path) -> None:
    settings = GitSettings(
        remote="ssh://git@127.0.0.1:9/infra.git",
        ssh_key_file=tmp_path / "my key",
        known_hosts_file=tmp_path / "known",
    )

    made = remote.ssh_command(settings)

    assert "BatchMode=yes" in made
    assert "StrictHostKeyChecking=yes" in made
    assert f"'{tmp_path}/my key'" in made


def test_what_came_after_is_told_from_what_did_not(infra: Infra) -> None:
    earlier = infra.head()
    later = infra.commit({"x": b"1"})
    aside = infra.commit({"x": b"2"}, branch="side")
    ask = is_descendant(infra.git)

    asked = [(later, earlier), (later, later), (earlier, later), (aside, aside), ("--x", later)]
    assert [ask(*pair) for pair in asked] == [True, True, False, False, False]


def test_a_key_that_may_only_read_is_found_out_before_the_run(
    infra: Infra, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh = world.program(
        infra.root / "ssh",
        """#!/bin/sh
        case "$*" in
            *-G*) exit 1;;
            *receive-pack*) echo "Permission denied (publickey)." >&2; exit 128;;
        esac
        while [ $# -gt 1 ]; do shift; done
        eval "$1"
        """,
    )
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))
    settings = GitSettings(remote=f"ssh://host{infra.remote}")

    with (
        open_checkout(settings, "run-1") as checkout,
        pytest.raises(Refused, match="Permission denied") as told,
    ):
        checkout.rehearse_push("main")
    assert "credentials" in told.value.hint


def test_an_ssh_that_has_no_account_is_not_tried_again(
    infra: Infra, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh = world.program(
        infra.root / "ssh", """#!/bin/sh\necho "No user exists for uid 1001" >&2; exit 255\n"""
    )
    monkeypatch.setenv("GIT_SSH_COMMAND", str(ssh))

    with (
        pytest.raises(Refused, match="No user exists for uid 1001") as told,
        open_checkout(GitSettings(remote=f"ssh://host{infra.remote}"), "run-1"),
    ):
        pass
    assert "account" in told.value.hint


@pytest.mark.parametrize("address", ["https://me:hunter2@git.example.org/x.git", "--upload-pack=x"])
def test_a_remote_with_a_password_or_a_dash_is_refused_unseen(address: str) -> None:
    with pytest.raises(ValidationError) as told:
        GitSettings(remote=address)
    assert "hunter2" not in str(told.value)


def test_an_address_is_shown_without_its_user() -> None:
    assert remote.shown("https://token@git.example.org/x.git") == "https://git.example.org/x.git"


_KEYS = some.text(
    some.characters(exclude_characters='[]"', exclude_categories=["C", "Z"]), min_size=1, max_size=9
)


@given(some.lists(_KEYS | some.integers(0, 99), min_size=1, max_size=5))
def test_a_change_is_read_back_from_its_trailer(path: list[str | int]) -> None:
    change = Change("infra/secrets/a.enc.yaml", tuple(path))

    assert Change.parse(str(change)) == change
    assert str(change).endswith(index_of(change.path))


_ODD = some.text(some.characters(exclude_characters="\0"), max_size=9)


@given(
    some.lists(_ODD | some.integers(0, 99), min_size=1, max_size=5),
    _ODD.filter(lambda name: not {"", ".", "..", ".git"} & set(name.split("/"))),
)
@example(["[client] password"], "app#1.enc.yaml")
@example(['q"x', "", 0, "0"], 'a#["x"].yaml')
@example(["two  blanks", " in front"], "%41.yaml")
@example(['%"x"', "\ud800"], "line\nbreak.yaml")
def test_any_place_is_read_back_from_the_trailer_of_a_commit(
    path: list[str | int], file: str
) -> None:
    change = Change(file, tuple(path))

    assert one_line(str(change)) == str(change), "so no message changes it"
    assert Change.parse(str(change)) == change


@pytest.mark.parametrize(
    "text", ["", "a", "a#", "a#[x]", '../a#["x"]', '/a#["x"]', 'a/.git/b#["x"]', 'a#["x"]tail']
)
def test_a_trailer_that_is_no_change_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="Runbook-Change"):
        Change.parse(text)


@given(some.text())
def test_one_line_is_one_line_for_every_reader(text: str) -> None:
    laid = one_line(text)

    assert laid.splitlines() in ([], [laid])
    assert laid.isprintable()
