"""`sops.set` and `sops.read` against real sops, git and age."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from adapters.shared.checkout import GitSettings
from adapters.sops import SopsLocation, SopsSettings, check
from engine.errors import Refused
from tests.adapters import infra as world
from tests.adapters.infra import AT, FILE, MANIFEST, NEW, OLD, Infra


@pytest.fixture
def infra(tmp_path: Path) -> Infra:
    return world.build(tmp_path)


def test_the_new_value_is_on_the_pending_branch_and_main_stays(infra: Infra) -> None:
    before = infra.head()

    outputs = world.store(infra)

    assert outputs.branch == "rotate/run-1"
    assert infra.head("rotate/run-1") == outputs.commit
    assert infra.head() == before
    assert infra.values("rotate/run-1")["ai_agents"]["anthropic_api_key"] == NEW
    assert infra.values()["ai_agents"]["anthropic_api_key"] == OLD


def test_only_the_wanted_line_the_mac_and_the_date_change(infra: Infra) -> None:
    world.store(infra)

    before = infra.read().decode().splitlines()
    after = infra.read(revision="rotate/run-1").decode().splitlines()
    changed = {new.split(":")[0].strip() for new in after if new not in before}
    assert len(before) == len(after)
    assert changed - {"lastmodified"} == {"anthropic_api_key", "mac"}


def test_the_layout_the_repository_asks_for_is_kept(infra: Infra) -> None:
    world.store(infra)

    assert b"\n  anthropic_api_key: ENC[" in infra.read(revision="rotate/run-1")


def test_probe_finds_the_effect_and_not_before(infra: Infra) -> None:
    step = infra.steps()["sops.set"]
    given = world.params(step, value=NEW, at=AT)

    assert not world.is_done(world.probe(step, given, world.call()))
    made = step.run(given, world.call())
    found = world.probe(step, given, world.call())
    assert found == made


def test_probe_finds_a_value_that_main_already_holds(infra: Infra) -> None:
    step = infra.steps()["sops.set"]
    given = world.params(step, value=OLD, at=AT)

    found = world.probe(step, given, world.call())
    again = step.run(given, world.call())

    assert found == again
    assert again.outputs.branch == "main"
    assert infra.branches() == {"main"}


def test_probe_of_another_pending_value_says_not_yet(infra: Infra) -> None:
    world.store(infra, value="another-value-entirely")
    step = infra.steps()["sops.set"]
    given = world.params(step, value=NEW, at=AT)

    assert not world.is_done(world.probe(step, given, world.call()))
    step.run(given, world.call())
    assert world.is_done(world.probe(step, given, world.call()))


def test_running_twice_leaves_one_commit(infra: Infra) -> None:
    first = world.store(infra)

    assert world.store(infra) == first


def test_two_values_of_one_run_stand_on_one_branch(infra: Infra) -> None:
    world.store(infra)
    world.store(infra, value="redis-new", at={"file": FILE, "path": ["redis", "password"]})

    values = infra.values("rotate/run-1")
    assert (values["ai_agents"]["anthropic_api_key"], values["redis"]["password"]) == (
        NEW,
        "redis-new",
    )


@pytest.mark.parametrize(
    "value",
    ["line one\nline two\n", "q\"uo'te\\", "ünï €", " padded ", "123", "null", "{a: b}", "\t"],
)
def test_any_text_comes_back_as_it_was(infra: Infra, value: str) -> None:
    world.store(infra, value=value)

    step = infra.steps()["sops.set"]
    assert infra.values("rotate/run-1")["ai_agents"]["anthropic_api_key"] == value
    assert world.is_done(world.probe(step, world.params(step, value=value, at=AT), world.call()))


def test_undo_deletes_the_pending_branch(infra: Infra) -> None:
    outputs = world.store(infra)
    step = infra.steps()["sops.set"]
    given = world.params(step, value=NEW, at=AT)

    for _ in range(2):
        after = world.undo(step, given, outputs, world.call(key="back"))
        assert infra.branches() == {"main"}
        assert (after.branch, after.commit) == ("main", infra.head())


def test_undo_refuses_while_main_holds_the_value(infra: Infra) -> None:
    outputs = world.store(infra)
    world.publish(infra)
    step = infra.steps()["sops.set"]

    with pytest.raises(Refused, match="main holds the new value"):
        world.undo(step, world.params(step, value=NEW, at=AT), outputs, world.call())


def test_read_gives_the_value_of_main(infra: Infra) -> None:
    world.store(infra)
    step = infra.steps()["sops.read"]

    done = step.run(world.params(step, at=AT), world.call())

    assert done.outputs.value.get_secret_value() == OLD
    assert OLD not in done.evidence + repr(done)


def test_a_number_is_read_without_the_line_end_sops_adds(infra: Infra) -> None:
    step = infra.steps()["sops.read"]
    given = world.params(step, at={"file": FILE, "path": "redis.port"})

    assert step.run(given, world.call()).outputs.value.get_secret_value() == "6379"


@pytest.mark.parametrize(("field", "is_coded"), [("data.token", True), ("stringData.plain", False)])
def test_data_of_a_kubernetes_secret_is_base64_and_string_data_is_not(
    infra: Infra, field: str, *, is_coded: bool
) -> None:
    at = {"file": MANIFEST, "path": field}
    world.store(infra, at=at)

    section, key = field.split(".")
    held = infra.values("rotate/run-1", MANIFEST)[section][key]
    step = infra.steps()["sops.set"]
    assert held == (base64.b64encode(NEW.encode()).decode() if is_coded else NEW)
    assert world.is_done(world.probe(step, world.params(step, value=NEW, at=at), world.call()))


def test_data_of_a_secret_is_read_decoded(infra: Infra) -> None:
    step = infra.steps()["sops.read"]
    given = world.params(step, at={"file": MANIFEST, "path": "data.token"})

    assert step.run(given, world.call()).outputs.value.get_secret_value() == "old"


def test_equal_values_in_a_list_may_swap_their_ciphertexts(infra: Infra) -> None:
    world.store(infra, at={"file": FILE, "path": "pool.2"})

    assert infra.values("rotate/run-1")["pool"] == ["same", "same", NEW]


def test_an_empty_placeholder_can_be_filled(infra: Infra) -> None:
    world.store(infra, at={"file": FILE, "path": "ai_agents.spare"})

    assert infra.values("rotate/run-1")["ai_agents"]["spare"] == NEW


def test_a_new_key_needs_create(infra: Infra) -> None:
    step = infra.steps()["sops.set"]
    at = {"file": FILE, "path": "ai_agents.brand_new"}

    with pytest.raises(Refused, match="nothing at"):
        step.run(world.params(step, value=NEW, at=at), world.call())
    step.run(world.params(step, value=NEW, at=at, create=True), world.call())
    assert infra.values("rotate/run-1")["ai_agents"]["brand_new"] == NEW


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


def test_no_right_to_push_is_found_before_the_run(infra: Infra, tmp_path: Path) -> None:
    infra.in_remote("config", "http.receivepack", "false")
    gone = infra.remote.rename(tmp_path / "elsewhere.git")

    with pytest.raises(Refused, match="does not"):
        world.look(infra.steps()["sops.set"], at=AT)
    gone.rename(infra.remote)


def test_settings_without_a_remote_name_the_setting(infra: Infra) -> None:
    from adapters import sops  # noqa: PLC0415 - the only test that wires it by hand

    step = sops.steps(infra.sops, GitSettings())[0]

    with pytest.raises(Refused) as told:
        world.look(step, at=AT)
    assert "git.remote" in told.value.hint


def test_check_names_the_version(infra: Infra) -> None:
    assert check(infra.sops).startswith("sops 3.")


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("ai_agents.anthropic_api_key", ("ai_agents", "anthropic_api_key")),
        ('["ai_agents"]["0"][0]', ("ai_agents", "0", 0)),
        ("['a']['b.c']", ("a", "b.c")),
        (["a", 0, "b"], ("a", 0, "b")),
        ("pool.0", ("pool", 0)),
    ],
)
def test_each_way_to_write_a_path_is_understood(path: object, read: tuple[object, ...]) -> None:
    assert SopsLocation.model_validate({"file": FILE, "path": path}).path == read


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a..b",
        '["a',
        '["a"]x',
        ["a[0]"],
        ['a"b'],
        [],
        "sops.mac",
        ["a", True],
        ["a\nb"],
        'a"]["b',
    ],
)
def test_a_path_that_sops_would_read_otherwise_is_refused(path: object) -> None:
    with pytest.raises(ValidationError):
        SopsLocation.model_validate({"file": FILE, "path": path})


@pytest.mark.parametrize(
    "file",
    ["/etc/x.yaml", "../x.yaml", "a/../../x.yaml", ".git/x.yaml", "a#b.yaml", "x.txt", "a//b.yaml"],
)
def test_a_file_outside_the_repository_is_refused(file: str) -> None:
    with pytest.raises(ValidationError):
        SopsLocation.model_validate({"file": file, "path": "a"})


def test_a_value_that_utf8_cannot_carry_is_refused_without_it(infra: Infra) -> None:
    step = infra.steps()["sops.set"]
    given = step.params.model_construct(
        value=SecretStr("sekrit\ud800"), at=SopsLocation.model_validate(AT), create=False
    )

    with pytest.raises(Refused) as told:
        step.run(given, world.call())
    assert "sekrit" not in str(told.value)
    assert told.value.__context__ is None
