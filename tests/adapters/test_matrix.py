"""Matrix's own ways: a token tells of itself, ends with its device, and is an admin's or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from adapters import matrix
from adapters.matrix import MatrixSettings
from adapters.shared import clock
from engine.errors import NotConverged, Refused, Transient
from engine.job import prepared
from engine.ledger import Event
from engine.state import Outcome
from engine.step import Done, NotYet
from sandbox.clock import Clock
from sandbox.matrix import BOT, CLERK, Synapse
from tests.adapters import house, sky
from tests.adapters.house import House
from tests.adapters.rotation import Rotation
from tests.ground import ground


class Home(House):
    """A house whose provider is a homeserver."""

    server: Synapse

    def new(self, user: str = BOT) -> str:
        """Return a token of a new device, as a person brings it."""
        return self.server.sign_in("new", user).secret


@contextmanager
def opened(folder: Path) -> Iterator[Home]:
    server = Synapse(Clock(), sky.MARKER)
    with house.opened("matrix", server.answer, server.tokens, folder) as made:
        home = Home(**vars(made))
        home.server = server
        home.offer(matrix.steps(MatrixSettings(url=made.url)))
        yield home


@pytest.fixture(params=[False, True], ids=["synapse", "mas"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    with opened(tmp_path) as made:
        made.server.mas = request.param
        yield made


def test_a_token_tells_its_user_and_its_device(kept: Home) -> None:
    done = kept.run("find_key", value=sky.MARKER)

    assert (done.outputs.user, done.outputs.device) == (BOT, kept.old)
    assert sky.MARKER not in done.evidence


def test_the_new_token_must_be_an_admins_of_the_same_user_at_another_device(kept: Home) -> None:
    given = {"user": BOT, "other_than": kept.old}

    assert kept.run("find_key", value=kept.new(), **given).outputs.device != kept.old
    for value, words in ((sky.MARKER, "device"), (kept.new(CLERK), CLERK), ("gone", "401")):
        told = sky.refusal(Refused, partial(kept.run, "find_key", value=value, **given))
        assert words in told.message


def test_who_administers_nothing_is_refused_and_told_so(kept: Home) -> None:
    told = sky.refusal(Refused, partial(kept.run, "find_key", value=kept.new(CLERK)))

    assert "403" in told.message
    assert "server admin" in told.hint


def test_the_old_token_logs_itself_out_and_no_other_device_ends(kept: Home) -> None:
    given, before = {"value": sky.MARKER, "keep": kept.new()}, kept.book.states()
    ends = kept.old
    assert isinstance(kept.probe("delete_key", **given), NotYet)

    kept.run("delete_key", **given)

    assert isinstance(kept.probe("delete_key", **given), Done)
    assert kept.book.states() == [each for each in before if each["id"] != ends]
    proof = kept.run("probe_key", value=sky.MARKER, expect="refused", timeout=1)
    assert proof.outputs.verdict == "refused"


def test_a_lost_answer_to_the_logging_out_is_asked_again(kept: Home) -> None:
    given = {"value": sky.MARKER, "keep": kept.new()}
    kept.fail("lost_reply", method="POST")
    sky.refusal(Transient, partial(kept.run, "delete_key", **given))

    assert "logged" in kept.run("delete_key", **given).evidence
    assert kept.book.deleted == 1


def test_a_token_that_the_homeserver_remembers_for_a_while_is_waited_out(tmp_path: Path) -> None:
    with opened(tmp_path) as kept, clock.hastened(shorter=100, longer=1):
        kept.server.mas, kept.server.remembers = True, 8
        given = {"value": sky.MARKER, "keep": kept.new()}

        assert "refuses" in kept.run("delete_key", **given).evidence

        assert isinstance(kept.probe("delete_key", **given), Done)
        assert kept.book.deleted == 1


def test_a_token_that_is_remembered_for_too_long_is_told_and_asked_again(tmp_path: Path) -> None:
    with opened(tmp_path) as kept, clock.hastened(shorter=100, longer=1):
        kept.server.mas, kept.server.remembers = True, 12
        given = {"value": sky.MARKER, "keep": kept.new(), "timeout": 1}

        told = sky.refusal(NotConverged, partial(kept.run, "delete_key", **given))
        assert "answers 200" in told.message
        assert "safe to try again" in told.hint

        given["timeout"] = 300
        assert "refuses" in kept.run("delete_key", **given).evidence
        assert kept.book.deleted == 1


def test_the_old_token_stays_where_the_new_one_is_no_good(kept: Home) -> None:
    for keep, words in ((sky.MARKER, "both"), ("gone", "401"), (kept.new(CLERK), "403")):
        act = partial(kept.run, "delete_key", value=sky.MARKER, keep=keep)
        assert words in sky.refusal(Refused, act).message

    kept.server.admins.add(CLERK)
    act = partial(kept.run, "delete_key", value=sky.MARKER, keep=kept.new(CLERK))
    assert "of one user" in sky.refusal(Refused, act).message
    assert kept.book.accepts(sky.MARKER)


def test_one_401_alone_does_not_make_a_token_dead(kept: Home) -> None:
    given = {"value": sky.MARKER, "keep": kept.new()}
    kept.fail("status", path="*/whoami", status=401)

    told = sky.refusal(Transient, partial(kept.probe, "delete_key", **given))

    assert "may live on" in told.message
    assert isinstance(kept.probe("delete_key", **given), NotYet)


def test_a_token_that_was_signed_out_softly_has_not_ended(kept: Home) -> None:
    kept.server.soft = True
    given = {"value": "gone", "expect": "refused", "timeout": 1}

    told = sky.refusal(NotConverged, partial(kept.run, "probe_key", **given))

    assert "its session may live on" in told.message


def test_403_is_a_living_token(kept: Home) -> None:
    kept.fail("status", path="*/whoami", status=403, times=None)
    given = {"value": sky.MARKER, "expect": "refused", "timeout": 1}

    told = sky.refusal(NotConverged, partial(kept.run, "probe_key", **given))

    assert "alive but may not do this" in told.message


def test_a_homeserver_is_greeted_and_what_is_not_set_is_named(kept: Home) -> None:
    assert "v1.12" in matrix.check(MatrixSettings(url=kept.url))
    assert "matrix.url" in sky.refusal(Refused, partial(matrix.check, MatrixSettings())).hint


def test_no_value_is_told_or_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with sky.all_logs(caplog), opened(tmp_path) as kept:
        made = kept.new()
        kept.run("find_key", value=made)
        kept.run("probe_key", value=made, expect="accepted", timeout=1)
        kept.run("delete_key", value=sky.MARKER, keep=made)
        log = (tmp_path / "access.log").read_text()

    said = "\n".join(record.getMessage() for record in caplog.records) + log
    assert made not in said
    assert sky.MARKER not in said


def test_a_rotation_ends_well_though_the_engine_dies_after_the_logging_out(tmp_path: Path) -> None:
    with ground(tmp_path, "matrix-admin-token") as place:
        rotation = Rotation.on(place, "rotate-matrix-admin-token")
        brought = place.world.matrix.sign_in("housekeeper")
        place.shown.append(brought.secret)
        rotation.sail_to("provide")
        sealed = place.platform.seal().close(sky.secret(brought.secret))
        rotation.decide("approve", sealed_value=sealed)
        rotation.sail_to("delete")
        rotation.decide("approve")
        job = rotation.job("delete")
        rotation.append(Event.STEP_STARTED, step="delete", key="delete")
        job.declared.run(*prepared(job))  # and dies before it is recorded
        rotation.resume()

        rotation.sail_to()

        assert rotation.outcome is Outcome.COMPLETED
        assert all(rotation.holds(brought.secret).values())
        assert not rotation.ring.accepts(place.old)
        assert (rotation.ring.created, rotation.ring.deleted) == (1, 1)
        assert place.leaks(*rotation.told, str(rotation.entries)) == []
