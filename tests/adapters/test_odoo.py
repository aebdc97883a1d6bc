"""Odoo's own ways: the key in force makes the next, a lost one stays, and the new one ends the old."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adapters import odoo
from adapters.odoo import OdooSettings
from adapters.odoo.minting import MintedKey
from adapters.shared import clock
from engine.errors import NotConverged, OutcomeUnknown, Refused, Transient, Unanswered
from engine.job import prepared
from engine.ledger import Event
from engine.state import Kind, Outcome
from engine.step import Done, NotYet
from sandbox.clock import Clock
from sandbox.odoo import BOT, CLERK, DATABASE, Odoo
from sandbox.values import odoo_key
from tests.adapters import house, sky
from tests.adapters.house import OTHER_RUN, PREFIX, RUN, House, at
from tests.adapters.rotation import Rotation
from tests.ground import ground


class Villa(House):
    """A house whose provider is Odoo."""

    double_of: Odoo
    clock: Clock

    def mint(self, call: Any = None, /) -> Any:
        return self.run("mint_key", call, current=sky.MARKER, name=PREFIX).outputs

    def end(self, value: Any = sky.MARKER, keep: Any = "") -> Done[Any]:
        return self.run("delete_key", value=value, keep=keep)


@contextmanager
def opened(folder: Path, **settings: str) -> Iterator[Villa]:
    clock = Clock()
    double = Odoo(clock, sky.MARKER)
    with house.opened("odoo", double.answer, double.keys, folder) as made:
        villa = Villa(**vars(made))
        villa.double_of, villa.clock = double, clock
        villa.offer(odoo.steps(OdooSettings(url=made.url, database=settings.get("database", ""))))
        yield villa


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Villa]:
    with opened(tmp_path) as made:
        yield made


def test_the_key_in_force_makes_the_next_of_its_user_for_ninety_days(kept: Villa) -> None:
    done = kept.run("mint_key", at(3), current=sky.MARKER, name=PREFIX)

    made = kept.book.key_of(done.outputs.value.get_secret_value())
    assert made is not None
    assert made.name == done.outputs.key_name == f"{PREFIX}.{RUN}.3"
    assert (made.more["user"], made.more["scope"]) == (BOT, "rpc")
    assert made.more["expires"].date() == datetime.now(UTC).date() + timedelta(days=90)
    assert done.outputs.expires == made.more["expires"].date().isoformat()
    assert made.secret not in done.evidence


def test_a_value_is_found_by_its_user_alone(kept: Villa) -> None:
    found = kept.run("find_key", value=sky.MARKER).outputs

    assert (found.user_id, found.keys) == (BOT, 2)


def test_a_key_that_has_expired_opens_nothing_and_the_hint_says_so(kept: Villa) -> None:
    kept.clock.advance(timedelta(days=21).total_seconds())

    told = sky.refusal(Refused, partial(kept.run, "find_key", value=sky.MARKER))

    assert "gave 401" in told.message
    assert "expired" in told.hint


def test_expired_keys_are_not_counted_and_not_asked_to_be_removed(kept: Villa) -> None:
    kept.book.create(f"{PREFIX}.{RUN}.1", odoo_key(), _of(BOT, days=-1))

    assert kept.run("find_key", value=sky.MARKER).outputs.keys == 2


@pytest.mark.parametrize("kind", ["lost_reply", "half_body"])
def test_a_key_whose_value_got_lost_is_told_until_a_person_has_removed_it(
    kept: Villa, kind: Any
) -> None:
    kept.fail(kind, path="*/generate")
    sky.refusal(OutcomeUnknown, kept.mint)
    made = kept.mint()
    look = partial(kept.run, "odoo.no_lost_keys", value=made.value, keep=made.key_name, name=PREFIX)

    told = sky.refusal(Refused, look)

    [lost] = [k for k in kept.book.listing() if k.name == made.key_name and not _is(k, made)]
    assert f"{lost.key_id} ({made.key_name})" in told.message
    assert "Account Security" in told.hint
    kept.double_of.remove_by_hand(made.value.get_secret_value())
    assert "no other key" in look().evidence


def test_a_key_that_may_come_late_is_looked_for_before_the_next_is_made(kept: Villa) -> None:
    kept.fail("status", status=504, path="*/generate")

    with clock.hastened(shorter=1000, longer=1):
        sky.refusal(Unanswered, kept.mint)

    looks = (kept.folder / "access.log").read_text().count("search_read")
    assert (looks > 2, kept.book.created) == (True, 0)


def test_no_more_keys_are_made_while_some_are_lost(kept: Villa) -> None:
    for attempt in (1, 2):
        kept.fail("lost_reply", path="*/generate")
        sky.refusal(OutcomeUnknown, partial(kept.mint, at(attempt)))

    assert "nobody has the value" in sky.refusal(Refused, partial(kept.mint, at(3))).message
    assert kept.book.created == 2


def test_keys_of_other_runs_and_of_later_pick_ups_are_not_lost(kept: Villa) -> None:
    kept.mint(at(1, OTHER_RUN))
    kept.mint(at(2))
    made = kept.mint(at(1))
    given = {"value": made.value, "keep": made.key_name, "name": PREFIX}

    assert made.key_name in kept.run("odoo.no_lost_keys", at(1), **given).evidence
    told = sky.refusal(Refused, partial(kept.run, "odoo.no_lost_keys", at(2), **given))
    assert f"{PREFIX}.{RUN}.2" in told.message


def test_taking_back_ends_the_new_key_and_may_be_repeated(kept: Villa) -> None:
    made = kept.mint()
    for _ in range(2):
        kept.undo("mint_key", made, current=sky.MARKER, name=PREFIX)

    assert kept.names() == []
    assert kept.book.accepts(sky.MARKER)


def test_taking_back_waits_for_a_person_where_a_value_was_lost(kept: Villa) -> None:
    kept.fail("lost_reply", path="*/generate")
    sky.refusal(OutcomeUnknown, kept.mint)
    back = partial(kept.undo, "mint_key", MintedKey(), current=sky.MARKER, name=PREFIX)

    assert "nobody has the value" in sky.refusal(Refused, back).message
    kept.double_of.remove_by_hand(sky.MARKER)
    back()


def test_the_new_key_ends_the_old_one_and_a_lost_answer_is_asked_again(kept: Villa) -> None:
    given = {"value": sky.MARKER, "keep": kept.mint().value}
    assert isinstance(kept.probe("delete_key", **given), NotYet)

    kept.fail("lost_reply", path="*/revoke")
    sky.refusal(Transient, partial(kept.run, "delete_key", **given))

    assert isinstance(kept.probe("delete_key", **given), Done)
    assert kept.book.key_of(sky.MARKER) is None


def test_a_key_already_dead_is_not_revoked_again_and_locks_nobody_out(kept: Villa) -> None:
    made = kept.mint()
    kept.end(keep=made.value)
    for _ in range(6):
        assert isinstance(kept.probe("delete_key", value=sky.MARKER, keep=made.value), Done)
        kept.end(keep=made.value)

    later = kept.run("mint_key", at(2), current=made.value, name="another-rotation")
    assert kept.book.accepts(later.outputs.value.get_secret_value())


def test_one_401_alone_does_not_make_a_key_dead(kept: Villa) -> None:
    made = kept.mint()
    kept.fail("status", path="*/context_get", status=401)

    assert isinstance(kept.probe("delete_key", value=sky.MARKER, keep=made.value), NotYet)
    kept.fail("status", path="*/context_get", status=401, after=1)
    kept.end(keep=made.value)
    assert isinstance(kept.probe("delete_key", value=sky.MARKER, keep=made.value), NotYet)


def test_the_old_key_stays_where_the_new_one_is_no_good(kept: Villa) -> None:
    other = kept.book.create("other", odoo_key(), _of(CLERK)).secret

    for keep, words in ((sky.MARKER, "both"), (odoo_key(), "401"), (other, "user")):
        assert words in sky.refusal(Refused, partial(kept.end, keep=keep)).message
    assert kept.book.accepts(sky.MARKER)


def test_a_key_with_another_scope_is_alive_to_nobody_here(kept: Villa) -> None:
    scoped = kept.book.create("scoped", odoo_key(), _of(BOT, scope="website")).secret
    given = {"value": scoped, "expect": "accepted", "timeout": 1}

    assert "401" in sky.refusal(NotConverged, partial(kept.run, "probe_key", **given)).message


def test_403_is_a_living_key(kept: Villa) -> None:
    kept.fail("status", path="*/context_get", status=403, times=None)
    for expect in ("accepted", "refused"):
        given = {"value": sky.MARKER, "expect": expect, "timeout": 1}

        told = sky.refusal(NotConverged, partial(kept.run, "probe_key", **given))

        assert "alive but may not do this" in told.message


def test_who_may_not_manage_keys_or_has_ten_is_told_what_to_do(kept: Villa) -> None:
    kept.double_of.programmatic = False
    told = sky.refusal(Refused, kept.mint)
    assert "base.enable_programmatic_api_keys" in told.hint

    kept.double_of.programmatic = True
    for number in range(8):
        kept.book.create(f"filler {number}", odoo_key(), _of(BOT))
    assert "ten" in sky.refusal(Refused, kept.mint).hint


def test_another_database_is_not_found(tmp_path: Path) -> None:
    with opened(tmp_path, database=DATABASE) as kept:
        assert kept.mint().key_name
    (tmp_path / "other").mkdir()
    with opened(tmp_path / "other", database="another") as kept:
        assert "odoo.database" in sky.refusal(Refused, kept.mint).hint


def test_an_older_odoo_is_refused_and_none_is_told(kept: Villa) -> None:
    settings = OdooSettings(url=kept.url)
    assert "19.0" in odoo.check(settings)

    kept.double_of.version = 18
    assert "version 18" in sky.refusal(Refused, partial(odoo.check, settings)).message
    assert "odoo.url" in sky.refusal(Refused, partial(odoo.check, OdooSettings())).hint


def test_odoo_online_is_known_by_its_number(kept: Villa) -> None:
    settings = OdooSettings(url=kept.url)
    kept.double_of.version = "saas~19"
    assert "saas~19.0" in odoo.check(settings)

    kept.double_of.version = "saas~18"
    assert "version saas~18" in sky.refusal(Refused, partial(odoo.check, settings)).message
    kept.double_of.version = "nineteen"
    assert "unknown to us" in sky.refusal(Refused, partial(odoo.check, settings)).message


def test_no_value_is_told_or_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with sky.all_logs(caplog), opened(tmp_path) as kept:
        made = kept.mint()
        kept.run("probe_key", value=made.value, expect="accepted", timeout=1)
        kept.end(keep=made.value)
        log = (tmp_path / "access.log").read_text()

    said = "\n".join(record.getMessage() for record in caplog.records) + log
    assert made.value.get_secret_value() not in said


def test_a_rotation_ends_well_though_the_engine_dies_and_an_answer_is_lost(tmp_path: Path) -> None:
    with ground(tmp_path, "odoo-api-key") as place:
        rotation = Rotation.on(place, "rotate-odoo-api-key")
        ring, before = rotation.ring, rotation.ring.states()
        rotation.sail_to("mint")
        rotation.decide("approve")
        job = rotation.job("mint")
        rotation.append(Event.STEP_STARTED, step="mint", key="mint")
        job.declared.run(*prepared(job))  # and dies before it is recorded
        rotation.resume()
        place.world.faults.add("odoo", "lost_reply", path="*/revoke")

        rotation.sail_to("no-lost-keys")

        assert rotation.state.opening is None or rotation.state.opening.kind is Kind.FAILURE
        place.world.remove_lost_odoo_keys()
        rotation.decide("retry")
        rotation.sail_to()
        assert rotation.outcome is Outcome.COMPLETED
        [made] = [k for k in ring.listing() if k.key_id not in {each["id"] for each in before}]
        assert all(rotation.holds(made.secret).values())
        assert not ring.accepts(place.old)
        assert place.leaks(*rotation.told, str(rotation.entries)) == []


def _of(user: int, *, days: int = 30, scope: str = "rpc") -> dict[str, Any]:
    return {"user": user, "scope": scope, "expires": datetime.now(UTC) + timedelta(days=days)}


def _is(key: Any, made: Any) -> bool:
    return bool(key.secret == made.value.get_secret_value())
