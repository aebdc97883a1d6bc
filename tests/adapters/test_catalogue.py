"""The entry of a new secret lands with its value, and the catalogue is read from both of its files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters import catalogue, git, sops
from adapters.catalogue.reading import _seen, read_catalogue
from adapters.shared.checkout import GitSettings
from engine.errors import Refused, Transient
from engine.findings import Invalid
from engine.step import Call, Done, NotYet, Step, Unclear
from tests.adapters import infra as world
from tests.adapters.infra import FILE, NEW, Infra

IN_GIT = "infra/secrets/catalogue.yaml"
NAME = "forgejo-bot-token"
AT = {"file": FILE, "path": "ai_agents.bot_token"}
ENTRY: dict[str, Any] = {
    "title": "Token of the bot: its only one",
    "sops": AT,
    "vaultwarden": {"collection": "plana-staff", "item": "Bot token"},
    "max_age": "90d",
}
SHIPPED = f"""\
secrets:
  anthropic-api-key:
    title: Anthropic API key
    sops: {{file: {FILE}, path: ai_agents.anthropic_api_key}}
    vaultwarden: {{collection: plana-staff, item: Anthropic API key}}
"""
OTHERS = f"""\
# kept by hand, with care
secrets:
  # the one for the tests
  other-token:
    title: Another  # never ask
    sops: {{file: {FILE}, path: redis.password}}
    vaultwarden: {{collection: plana-staff, item: Another}}
# the end
"""


class Shelf:
    """An infra repository with a catalogue beside the runbooks, and maybe one inside."""

    def __init__(self, infra: Infra, folder: Path) -> None:
        self.infra = infra
        self.shipped = folder / "secrets.yaml"
        self.shipped.write_text(SHIPPED)
        self.git = infra.git.model_copy(update={"catalogue": IN_GIT})

    def steps(self, git_settings: GitSettings | None = None) -> dict[str, Step[Any, Any]]:
        settings = git_settings or self.git
        replay = catalogue.replay(settings, sops.replay(self.infra.sops))
        offered = (
            *sops.steps(self.infra.sops, settings),
            *catalogue.steps(settings, self.shipped),
            *git.steps(settings, replay=replay),
        )
        return {step.name: step for step in offered}

    def set_value(self, run: str = "run-1") -> None:
        step = self.steps()["sops.set"]
        step.run(world.params(step, value=NEW, at=AT, new=True), called(run, "sops"))

    def add(self, run: str = "run-1", name: str = NAME, entry: Any = None) -> Done[Any]:
        step = self.steps()["catalogue.add"]
        given = world.params(step, secret=name, entry=entry or ENTRY)
        return step.run(given, called(run, "entry"))

    def probe(self, run: str = "run-1", name: str = NAME, entry: Any = None) -> Any:
        step = self.steps()["catalogue.add"]
        given = world.params(step, secret=name, entry=entry or ENTRY)
        return world.probe(step, given, called(run, "entry"))

    def look(self, name: str = NAME, entry: Any = None) -> str:
        return world.look(self.steps()["catalogue.add"], secret=name, entry=entry or ENTRY)

    def publish(self, run: str = "run-1") -> Any:
        step = self.steps()["git.publish"]
        return step.run(world.params(step), called(run, "publish")).outputs

    def take_back(self, outputs: Any, run: str = "run-1") -> None:
        step = self.steps()["git.publish"]
        world.undo(step, world.params(step), outputs, called(run, "publish", key=f"{run}/back"))

    def undo(self, outputs: Any, run: str = "run-1") -> Any:
        step = self.steps()["catalogue.add"]
        given = world.params(step, secret=NAME, entry=ENTRY)
        return world.undo(step, given, outputs, called(run, "entry", key=f"{run}/entry-back"))

    def text(self, revision: str = "main") -> str:
        return self.infra.read(IN_GIT, revision).decode()

    def names(self) -> list[str]:
        return list(read_catalogue(self.shipped, self.git).secrets)


def called(run: str, step: str, key: str = "") -> Call:
    return replace(
        world.call(run, key=key or f"{run}/{step}", step=step, secret=NAME), runbook="add-secret"
    )


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(world.build(tmp_path), tmp_path)


def test_value_and_entry_land_in_one_commit_that_says_what_was_done(shelf: Shelf) -> None:
    before = shelf.infra.head()
    assert shelf.look() == f"{IN_GIT} takes an entry {NAME}"
    shelf.set_value()
    assert isinstance(shelf.probe(), NotYet)
    shelf.add()
    assert isinstance(shelf.probe(), Done)
    assert shelf.names() == ["anthropic-api-key"]

    published = shelf.publish()

    assert shelf.infra.in_remote("rev-parse", f"{published.commit}^") == before
    assert shelf.infra.in_remote("log", "-1", "--format=%s") == f"add {NAME}: add-secret"
    assert shelf.infra.values()["ai_agents"]["bot_token"] == NEW
    assert shelf.names() == ["anthropic-api-key", NAME]
    assert shelf.infra.branches() == {"main"}


def test_a_second_try_adds_nothing(shelf: Shelf) -> None:
    first, second = shelf.add(), shelf.add()

    assert first.outputs == second.outputs


def test_what_people_wrote_stays_letter_by_letter(shelf: Shelf) -> None:
    shelf.infra.commit({IN_GIT: OTHERS.encode()})
    shelf.set_value()
    shelf.add()
    published = shelf.publish()
    grown = shelf.text()

    assert grown.startswith(OTHERS.removesuffix("# the end\n"))
    assert grown.endswith("    max_age: 90d\n# the end\n")
    shelf.take_back(published)
    assert shelf.text() == OTHERS


def test_on_a_main_that_has_moved_each_keeps_what_is_theirs(shelf: Shelf) -> None:
    shelf.set_value()
    shelf.add()
    theirs = shelf.infra.edited('["redis"]["password"]', "redis-new")
    shelf.infra.commit({IN_GIT: OTHERS.encode(), FILE: theirs})

    published = shelf.publish()
    assert shelf.names() == ["anthropic-api-key", "other-token", NAME]
    assert shelf.infra.values()["redis"]["password"] == "redis-new"
    shelf.infra.commit({"README.md": b"more"})
    shelf.take_back(published)

    assert shelf.text() == OTHERS
    assert shelf.infra.values()["redis"]["password"] == "redis-new"
    assert "bot_token" not in shelf.infra.values()["ai_agents"]


def test_taken_back_before_it_was_published_nothing_is_left(shelf: Shelf) -> None:
    shelf.set_value()
    added = shelf.add().outputs

    back = shelf.undo(added)

    assert back.branch == "main"
    assert shelf.infra.branches() == {"main"}
    assert shelf.undo(back) == back


def test_an_entry_on_main_is_not_taken_back_behind_its_value(shelf: Shelf) -> None:
    shelf.set_value()
    added = shelf.add().outputs
    shelf.publish()

    with pytest.raises(Refused, match="main holds the entry"):
        shelf.undo(added)
    assert NAME in shelf.names()


def test_an_entry_that_somebody_else_wrote_meanwhile_is_never_written_over(shelf: Shelf) -> None:
    shelf.set_value()
    shelf.add()
    other = ENTRY | {"title": "Somebody else's"}
    text = (
        f"secrets:\n  {NAME}:\n    title: {other['title']}\n    sops: {{file: f.yaml, path: a.b}}\n"
    )
    text += "    vaultwarden: {collection: c, item: i}\n"
    shelf.infra.commit({IN_GIT: text.encode()})

    with pytest.raises(Refused, match=f"entry {NAME} in {IN_GIT} was changed by someone else"):
        shelf.publish()
    assert shelf.text() == text
    assert isinstance(shelf.probe(run="run-2"), Unclear)
    with pytest.raises(Refused, match="is another entry than this one"):
        shelf.add(run="run-2")


def test_a_place_that_somebody_took_meanwhile_is_refused_at_publishing(shelf: Shelf) -> None:
    shelf.set_value()
    shelf.add()
    shelf.infra.commit({IN_GIT: OTHERS.replace("item: Another}", "item: Bot token}").encode()})

    with pytest.raises(Refused, match=r"is at the place of `other-token`, line 4"):
        shelf.publish()
    assert NAME not in shelf.names()


def test_what_the_catalogue_has_is_refused_with_its_place(shelf: Shelf) -> None:
    shelf.infra.commit({IN_GIT: OTHERS.encode()})

    with pytest.raises(Refused, match=r"entry other-token already, at git:infra/.*yaml:4:3"):
        shelf.look(name="other-token")
    with pytest.raises(Refused, match=r"entry anthropic-api-key already, at .*secrets.yaml:2:3"):
        shelf.look(name="anthropic-api-key")
    taken = ENTRY | {"vaultwarden": {"collection": "plana-staff", "item": "Anthropic API key"}}
    with pytest.raises(Refused, match=r"at the place of `anthropic-api-key`, .*secrets.yaml:2:3"):
        shelf.look(entry=taken)
    assert shelf.infra.branches() == {"main"}


def test_without_a_catalogue_in_git_it_says_what_to_set(shelf: Shelf) -> None:
    step = shelf.steps(shelf.infra.git)["catalogue.add"]

    with pytest.raises(Refused) as refused:
        world.look(step, secret=NAME, entry=ENTRY)
    assert "Set git.catalogue" in refused.value.hint
    assert "as it is" in world.look(step, secret="anthropic-api-key", entry=None)
    assert read_catalogue(shelf.shipped, shelf.infra.git).secrets.keys() == {"anthropic-api-key"}


def test_one_name_in_both_files_is_an_error_with_both_places(shelf: Shelf) -> None:
    shelf.infra.commit({IN_GIT: SHIPPED.encode()})

    with pytest.raises(Invalid) as wrong:
        shelf.names()
    [finding] = wrong.value.findings
    assert str(finding.place) == f"git:{IN_GIT}:2:3"
    assert f"first at {shelf.shipped}:2:3" in finding.message


def test_a_broken_file_in_git_says_where(shelf: Shelf) -> None:
    shelf.infra.commit({IN_GIT: b"secrets:\n  a-b: {title: A, colour: red}\n"})

    with pytest.raises(Invalid, match=f"git:{IN_GIT}:2:19: unknown key `colour`"):
        shelf.names()


def test_a_main_that_stands_still_is_fetched_once(shelf: Shelf) -> None:
    shelf.infra.commit({IN_GIT: OTHERS.encode()})
    assert "other-token" in shelf.names()
    _seen[shelf.git] = (_seen[shelf.git][0], "# what was read before\n")
    assert "other-token" not in shelf.names()

    shelf.infra.commit({"README.md": b"more"})

    assert "other-token" in shelf.names()


def test_a_remote_that_is_away_is_said_and_never_taken_for_empty(shelf: Shelf) -> None:
    away = shelf.git.model_copy(update={"remote": f"file://{shelf.infra.root}/nowhere.git"})
    with pytest.raises((Refused, Transient), match=r"nowhere\.git"):
        read_catalogue(shelf.shipped, away)

    nobody = shelf.git.model_copy(update={"remote": "https://127.0.0.1:9/infra.git"})
    with pytest.raises(Transient, match=r"127\.0\.0\.1"):
        read_catalogue(shelf.shipped, nobody)


@pytest.mark.parametrize("file", ["/etc/c.yaml", "../c.yaml", ".git/c.yaml", "c.json", "a/#.yaml"])
def test_a_path_that_is_no_plain_one_is_refused(file: str) -> None:
    with pytest.raises(ValueError, match="it must be a"):
        GitSettings(catalogue=file)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"secrets: [a, b]\n", "has no mapping of `secrets`"),
        (b"secrets:\n  a: &x {title: A}\n", "anchors and aliases are not allowed"),
        (b"secrets: {a-b: {title: A}}\n", "written in braces"),
        (b"secrets:\n\ta: b\n", "not YAML"),
    ],
)
def test_a_file_in_another_form_is_refused_and_stays(shelf: Shelf, text: bytes, told: str) -> None:
    shelf.infra.commit({IN_GIT: text})

    with pytest.raises(Refused, match=told):
        shelf.add()
    assert shelf.infra.branches() == {"main"}
    assert shelf.infra.read(IN_GIT) == text
