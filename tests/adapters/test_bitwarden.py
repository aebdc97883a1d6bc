"""Bitwarden Secrets Manager: the same promises as for the vault, against a small real store."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.bitwarden import BitwardenSettings, SecretsManager, check, steps
from adapters.bitwarden.client import ask
from engine.errors import NotConverged, OutcomeUnknown, Refused, Transient
from engine.step import Done, Effect, NotYet, Step, Store, Unclear
from tests.adapters.shelf import KEY, ORGANISATION, OTHER, PROJECT, Row, Shelf, answer
from tests.adapters.vault import call, fingerprint

SETTINGS = BitwardenSettings(organisation=ORGANISATION, project=PROJECT)
OLD, NEW = SecretStr("old-value"), SecretStr("new-value")


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def step_of(shelf: SecretsManager, settings: BitwardenSettings = SETTINGS) -> Step[Any, Any]:
    [step] = steps(settings, opener=lambda _: shelf)
    return step


def params(**more: Any) -> dict[str, Any]:
    return {"at": {"key": KEY}, "value": NEW, **more}


class Hand:
    def __init__(self, shelf: Shelf, **more: Any) -> None:
        self.step = step_of(shelf)
        self.params = self.step.params.model_validate(params(**more))

    def probe(self, run: str = "run-1") -> Done[Any] | NotYet | Unclear:
        assert callable(self.step.probe)
        return self.step.probe(self.params, call(run))

    def run(self) -> Done[Any]:
        return self.step.run(self.params, call())

    def undo(self, outputs: Any) -> Any:
        assert callable(self.step.undo)
        return self.step.undo(self.params, outputs, call())


def test_step_is_a_mirror_like_the_vault() -> None:
    [step] = steps(BitwardenSettings())

    assert (step.name, step.effect, step.store) == ("bitwarden.set", Effect.STORE, Store.MIRROR)


def test_without_the_extra_the_step_says_how_to_install_it(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['bitwarden_sdk'] = None\n"
        "from adapters.bitwarden import BitwardenSettings, steps\n"
        "from engine.errors import Refused\n"
        "[step] = steps(BitwardenSettings(organisation='o', project='p'))\n"
        "try: step.preflight.look(step.preflight.params(at={'key': 'K'}))\n"
        "except Refused as error: print(error)\n"
    )
    root = Path(__file__).resolve().parents[2]

    ended = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root
    )

    assert "needs the package bitwarden-sdk, which is not installed" in ended.stdout
    assert "pip install 'runbook-engine[bitwarden]'" in ended.stdout


def test_value_is_written_once_and_the_note_is_kept(shelf: Shelf) -> None:
    identity = shelf.add()
    hand = Hand(shelf)
    found = hand.probe()
    assert isinstance(found, NotYet)
    assert fingerprint(OLD) in found.finding

    done = hand.run()
    hand.run()

    assert shelf.rows[identity].value == "new-value"
    assert shelf.rows[identity].note == "by petra"
    assert shelf.writes == 1
    assert done.outputs.previous == OLD
    assert done.outputs.item == identity
    assert done.outputs.fingerprint == fingerprint(NEW)
    assert isinstance(hand.probe(), Done)


def test_secret_of_another_project_is_not_touched(shelf: Shelf) -> None:
    foreign = shelf.add(project=OTHER)
    shelf.add()

    Hand(shelf).run()

    assert shelf.rows[foreign].value == "old-value"
    assert Hand(shelf, at={"key": KEY, "project": OTHER}).run().outputs.item == foreign


def test_two_secrets_of_one_name_are_refused_with_their_ids(shelf: Shelf) -> None:
    ids = [shelf.add(), shelf.add()]

    with pytest.raises(Refused, match="2 secrets are named") as caught:
        Hand(shelf).probe()
    assert all(identity in caught.value.message for identity in ids)


def test_missing_secret_is_refused_with_near_names_or_created(shelf: Shelf) -> None:
    shelf.add(key="ANTHROPIC_API_KEYS")
    with pytest.raises(Refused) as caught:
        Hand(shelf).probe()
    assert caught.value.hint == "Did you mean `ANTHROPIC_API_KEYS`?"

    hand = Hand(shelf, create=True)
    assert isinstance(hand.probe(), NotYet)
    done = hand.run()

    assert done.outputs.created
    assert done.outputs.previous is None
    assert shelf.rows[done.outputs.item].value == "new-value"


def test_lost_reply_is_unknown_and_the_next_look_finds_it_done(shelf: Shelf) -> None:
    shelf.add()
    hand = Hand(shelf, replaces=OLD)
    shelf.lose_next = True

    with pytest.raises(OutcomeUnknown) as caught:
        hand.run()
    found = hand.probe()

    assert "new-value" not in str(caught.value)
    assert caught.value.__context__ is None
    assert isinstance(found, Done)
    assert found.outputs.previous == OLD
    assert shelf.writes == 1


def test_value_that_is_neither_old_nor_new_stops_the_step(shelf: Shelf) -> None:
    identity = shelf.add("somebody's")
    hand = Hand(shelf, replaces=OLD)

    assert isinstance(hand.probe(), Unclear)
    with pytest.raises(Refused, match="somebody changed it"):
        hand.run()
    assert shelf.rows[identity].value == "somebody's"


def test_undo_puts_the_old_value_back_but_not_over_a_later_one(shelf: Shelf) -> None:
    identity, hand = shelf.add(), Hand(shelf)
    done = hand.run()

    undone = hand.undo(done.outputs)
    assert shelf.rows[identity].value == "old-value"
    assert undone.fingerprint == fingerprint(OLD)

    shelf.edit(identity, "typed by petra")
    with pytest.raises(Refused, match="changed since"):
        hand.undo(done.outputs)
    assert shelf.rows[identity].value == "typed by petra"


def test_undo_removes_what_this_run_created_and_only_that(shelf: Shelf) -> None:
    hand = Hand(shelf, create=True)
    done = hand.run()
    by_another_run = hand.probe(run="run-2")
    assert isinstance(by_another_run, Done)

    with pytest.raises(Refused, match="held before is not known"):
        hand.undo(by_another_run.outputs)
    hand.undo(done.outputs)
    hand.undo(done.outputs)

    assert shelf.rows == {}


def test_value_that_reads_back_differently_is_not_converged(shelf: Shelf) -> None:
    identity = shelf.add()

    class Stubborn(Shelf):
        def _put(self, row: Row) -> Any:
            return answer(row)

    stubborn = Stubborn({identity: shelf.rows[identity]})
    with pytest.raises(NotConverged, match="gives back another"):
        Hand(stubborn).run()


@pytest.mark.parametrize("name", ["organisation", "project"])
def test_missing_setting_is_named(shelf: Shelf, name: str) -> None:
    step = step_of(shelf, SETTINGS.model_copy(update={name: ""}))
    assert callable(step.probe)

    with pytest.raises(Refused, match=f"`bitwarden.{name}` is not set"):
        step.probe(step.params.model_validate(params()), call())


def test_check_asks_for_the_organisation_first() -> None:
    with pytest.raises(Refused, match=r"`bitwarden\.organisation` is not set"):
        check(BitwardenSettings())


@pytest.mark.parametrize(
    ("said", "writes", "expected"),
    [
        ("server: [401 Unauthorized] s3cr3t", False, Refused),
        ("server: [403 Forbidden] s3cr3t", True, Refused),
        ("server: [429 Too Many Requests] s3cr3t", True, Transient),
        ("server: [503 Service Unavailable] s3cr3t", False, Transient),
        ("server: [503 Service Unavailable] s3cr3t", True, OutcomeUnknown),
        ("error sending request for url s3cr3t", False, Transient),
        ("Doesn't contain a decryption key s3cr3t", False, Refused),
    ],
)
def test_only_exception_of_the_package_is_told_apart_and_never_quoted(
    said: str, expected: type[Exception], *, writes: bool
) -> None:
    def fail() -> Callable[[], None]:
        raise RuntimeError(said)

    with pytest.raises(expected) as caught:
        ask("store the secret", fail, writes=writes)

    assert "s3cr3t" not in str(caught.value)
    assert caught.value.__context__ is None


def test_preflight_tells_whether_the_secret_is_there(shelf: Shelf) -> None:
    step = step_of(shelf)
    assert step.preflight is not None
    look, model = step.preflight.look, step.preflight.params

    assert "will be created" in look(model.model_validate({"at": {"key": KEY}, "create": True}))
    shelf.add()
    assert "is there once" in look(model.model_validate({"at": {"key": KEY}}))
