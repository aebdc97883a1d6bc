"""An invariant that is asked after is one that can be broken: each damage is seen, and as itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sandbox.database import LOGINS
from sandbox.layout import SOPS_FILE
from sandbox.naming import KEY_PATH
from sandbox.postgresql import find_programs
from sandbox.values import exoscale_key
from tests.crash.always import hold_always
from tests.crash.cases import Case, Verdict
from tests.crash.database import keep_server_in
from tests.crash.people import STRANGE
from tests.crash.playing import moored
from tests.crash.sight import Eye
from tests.crash.voyage import Voyage
from tests.needs import missing

RUNBOOK = "rotate-anthropic-api-key"


@pytest.fixture
def voyage(tmp_path: Path) -> Iterator[Voyage]:
    with ExitStack() as held:
        made = moored(Case(RUNBOOK), tmp_path / "case", Verdict(Case(RUNBOOK)), held)
        made.old = Eye.of(made).old
        yield made
        made.platform.journal.close()


def _end_old_key(voyage: Voyage) -> None:
    key = voyage.world.anthropic.key_of(voyage.old)
    assert key is not None
    voyage.world.anthropic.update(key.key_id, status="inactive")


def _change_item(voyage: Voyage) -> None:
    voyage.world.vaultwarden.edit_as_human(voyage.secret.vaultwarden.item, STRANGE)


def _double_item(voyage: Voyage) -> None:
    voyage.world.vaultwarden.add_duplicate(voyage.secret.vaultwarden.item)


def _tear_file(voyage: Voyage) -> None:
    whole = voyage.world.remote.file(SOPS_FILE) or b""
    voyage.world.remote.commit({SOPS_FILE: whole[: len(whole) // 2]}, "Tear it")


def _tell_value(voyage: Voyage) -> None:
    (voyage.folder / "log").write_text(f"the value is {voyage.old.encode().hex()}\n")


def _hold_secret(voyage: Voyage) -> None:
    from engine.ledger import Actor, Draft, Event  # noqa: PLC0415 - for this damage alone

    draft = Draft("another", Event.RUN_STARTED, Actor("otto"), "", 1, "sha256:0", {"plan": "{}"})
    voyage.platform.journal.append(draft, hold=["secret:anthropic-api-key"])


def test_a_role_that_is_locked_too_early_breaks_what_it_should(tmp_path: Path) -> None:
    if find_programs() is None:
        missing("PostgreSQL")
    case = Case("rotate-postgres-role")
    with ExitStack() as held:
        keep_server_in(held)
        made = moored(case, tmp_path / "case", Verdict(case), held)
        eye, plan = Eye.of(made), made.plan
        made.old = eye.old
        hold_always(eye, eye.look(), plan, made.verdict)
        assert made.verdict.violations == []

        assert made.world.database is not None
        made.world.database.lock_as_human(LOGINS[0])
        hold_always(eye, eye.look(), plan, made.verdict)
        made.platform.journal.close()

    assert {name for name, _ in made.verdict.violations} == {"I1", "I2", "I3", "I28"}


def test_a_half_that_is_changed_alone_parts_a_pair(tmp_path: Path) -> None:
    case = Case("rotate-exoscale-key")
    with ExitStack() as held:
        made = moored(case, tmp_path / "case", Verdict(case), held)
        eye, plan = Eye.of(made), made.plan
        made.old = eye.old
        hold_always(eye, eye.look(), plan, made.verdict)
        assert made.verdict.violations == []

        made.world.set_as_human(KEY_PATH, exoscale_key())
        hold_always(eye, eye.look(), plan, made.verdict)
        made.platform.journal.close()

    assert {name for name, _ in made.verdict.violations} == {"I30"}


@pytest.mark.parametrize(
    ("damage", "broken"),
    [
        (_end_old_key, {"I1", "I2", "I28"}),
        (_change_item, {"I4", "I12"}),
        (_double_item, {"I12"}),
        (_tear_file, {"I5", "I12"}),
        (_tell_value, {"I7"}),
        (_hold_secret, {"I9"}),
    ],
)
def test_a_damage_breaks_the_invariants_it_should(
    voyage: Voyage, damage: Callable[[Voyage], None], broken: set[str]
) -> None:
    eye = Eye.of(voyage)
    plan = voyage.plan
    hold_always(eye, eye.look(), plan, voyage.verdict)
    assert voyage.verdict.violations == []

    damage(voyage)
    hold_always(eye, eye.look(), plan, voyage.verdict)

    assert {name for name, _ in voyage.verdict.violations} == broken
