"""What is found out before anything has happened."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters import sops
from adapters.shared.checkout import GitSettings
from adapters.sops import SopsLocation, SopsSettings, check
from engine.errors import Refused
from tests.adapters import infra as world
from tests.adapters.infra import AT, FILE, NEW, Infra


@pytest.fixture
def infra(tmp_path: Path) -> Infra:
    return world.build(tmp_path)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("ai_agents.antropic_api_key", r"\[\"ai_agents\"\] holds anthropic_api_key"),
        ("ai_agent.anthropic_api_key", "the top holds ai_agents"),
        ("ai_agents", "not a value but holds anthropic_api_key"),
        ("pool.7", "a list of 3"),
        ("redis.password.deeper", "holds a value"),
        ("note_unencrypted", "in clear"),
    ],
)
def test_a_wrong_path_is_told_with_what_is_there(infra: Infra, path: str, said: str) -> None:
    step = infra.steps()["sops.set"]
    at = {"file": FILE, "path": path}

    with pytest.raises(Refused, match=said):
        world.look(step, at=at)
    with pytest.raises(Refused, match=said):
        step.run(world.params(step, value=NEW, at=at), world.call())
    assert infra.branches() == {"main"}


@pytest.mark.parametrize("path", ["pool.7", "ai_agent.new", "redis.password.deeper"])
def test_create_adds_only_the_last_key_of_a_map(infra: Infra, path: str) -> None:
    with pytest.raises(Refused, match="nothing at"):
        world.look(infra.steps()["sops.set"], at={"file": FILE, "path": path}, create=True)


def test_create_never_writes_in_clear(infra: Infra) -> None:
    step = infra.steps()["sops.set"]
    at = {"file": FILE, "path": "ai_agents.key_unencrypted"}

    with pytest.raises(Refused, match="kept in clear"):
        step.run(world.params(step, value=NEW, at=at, create=True), world.call())
    assert infra.branches() == {"main"}


def test_preflight_says_what_is_fine(infra: Infra) -> None:
    said = world.look(infra.steps()["sops.set"], at=AT)

    assert FILE in said
    assert infra.branches() == {"main"}


def test_a_missing_file_is_named(infra: Infra) -> None:
    at = {"file": "infra/secrets/nowhere.yaml", "path": "a"}

    with pytest.raises(Refused, match=r"no infra/secrets/nowhere\.yaml"):
        world.look(infra.steps()["sops.set"], at=at)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: b\n", "not encrypted with sops"),
        (b"a: [b\n", "not valid YAML at line"),
        (b"", "not encrypted with sops"),
    ],
)
def test_what_is_no_sops_file_is_refused(infra: Infra, content: bytes, said: str) -> None:
    infra.commit({"plain.yaml": content})

    with pytest.raises(Refused, match=said):
        world.look(infra.steps()["sops.set"], at={"file": "plain.yaml", "path": "a"})


def test_several_documents_are_refused(infra: Infra) -> None:
    infra.commit({"many.yaml": infra.encrypt(None, "many.yaml", clear="a: b\n---\na: c\n")})

    with pytest.raises(Refused, match="2 YAML documents"):
        world.look(infra.steps()["sops.set"], at={"file": "many.yaml", "path": "a"})


def test_a_link_is_refused(infra: Infra) -> None:
    blob = infra.in_remote("hash-object", "-w", "--stdin", stdin=b"/etc/hostname")
    tree = infra.in_remote("mktree", stdin=f"120000 blob {blob}\tlink.yaml\n".encode())
    who = ("-c", "user.name=P", "-c", "user.email=p@example.org")
    commit = infra.in_remote(*who, "commit-tree", tree, "-p", "main", "-m", "link")
    infra.in_remote("update-ref", "refs/heads/main", commit)

    with pytest.raises(Refused, match="not a regular file"):
        world.look(infra.steps()["sops.set"], at={"file": "link.yaml", "path": "a"})


def test_the_wrong_age_key_is_told_apart(infra: Infra) -> None:
    step = infra.steps(SopsSettings(age_key_file=infra.keys["stranger"]))["sops.set"]

    with pytest.raises(Refused, match="no age identity of the engine") as told:
        world.look(step, at=AT)
    assert "updatekeys" in told.value.hint


def test_a_file_changed_without_sops_is_refused_without_its_digest(infra: Infra) -> None:
    infra.commit({FILE: infra.read().replace(b"in clear", b"tampered")})

    with pytest.raises(Refused, match="its MAC does not fit") as told:
        world.look(infra.steps()["sops.set"], at=AT)
    assert "computed" not in str(told.value)


def test_a_remote_that_is_no_repository_is_told(infra: Infra, tmp_path: Path) -> None:
    infra.remote.rename(tmp_path / "elsewhere.git")

    with pytest.raises(Refused, match="does not"):
        world.look(infra.steps()["sops.set"], at=AT)


def test_settings_without_a_remote_name_the_setting(infra: Infra) -> None:
    by_name = {step.name: step for step in sops.steps(infra.sops, GitSettings())}

    with pytest.raises(Refused) as told:
        world.look(by_name["sops.set"], at=AT)
    assert "git.remote" in told.value.hint


def test_check_names_the_version(infra: Infra) -> None:
    assert check(infra.sops).startswith("sops 3.")


def test_a_value_that_utf8_cannot_carry_is_refused_without_it(infra: Infra) -> None:
    step = infra.steps()["sops.set"]
    given = step.params.model_construct(
        value=SecretStr("sekrit\ud800"), at=SopsLocation.model_validate(AT), create=False
    )

    with pytest.raises(Refused) as told:
        step.run(given, world.call())
    assert "sekrit" not in str(told.value)
    assert told.value.__context__ is None
