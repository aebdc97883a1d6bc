"""The steps of a rotation on a real PostgreSQL, one by one and in every state they may meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
import pytest
from pydantic import SecretStr

from adapters.postgres.credential import credential_in, with_login
from adapters.postgres.scram import is_verifier_of
from engine.errors import NotConverged, Refused, Transient
from engine.step import Done, NotYet
from tests.adapters import infra, sky
from tests.adapters.database import ACTIVE, ENGINE, GROUP, LOGINS, RESTING, SETUP

if TYPE_CHECKING:
    from tests.adapters.database import Server

pytestmark = pytest.mark.xdist_group("database")

FIND = {"logins": LOGINS, "group": GROUP}

E = TypeVar("E")


def set_up(database: Server, new: SecretStr) -> None:
    sky.run(database.steps()["set_password"], role=RESTING, value=new)


def test_the_role_in_force_is_found_and_the_other_rests(
    database: Server, current: SecretStr
) -> None:
    found = sky.run(database.steps()["find_roles"], value=current, **FIND).outputs

    assert (found.active, found.resting) == (ACTIVE, RESTING)


def test_a_new_credential_differs_in_role_and_password_alone(
    database: Server, current: SecretStr
) -> None:
    made = sky.run(database.steps()["new_credential"], current=current, role=RESTING).outputs
    was, now = credential_in(current), credential_in(made.value)

    assert (now.role, now.database) == (RESTING, was.database)
    assert now.password == made.password != was.password
    assert with_login(made.value, was.role, was.password) == current


def test_of_a_password_alone_the_new_one_is_a_password_alone(database: Server) -> None:
    step = database.steps()["new_credential"]

    made = sky.run(step, current=SecretStr("old-password-1234"), role="plana").outputs

    assert made.value == made.password
    assert len(made.value.get_secret_value()) == 64


def test_a_password_is_set_as_a_verifier_of_it_and_both_roles_are_let_in(
    database: Server, current: SecretStr, new: SecretStr
) -> None:
    step = database.steps()["set_password"]
    given = {"role": RESTING, "value": new}
    assert isinstance(sky.probe(step, **given), NotYet)

    sky.run(step, **given)

    kept = database.verifier(RESTING)
    assert kept is not None
    assert is_verifier_of(SecretStr(kept), credential_in(new).password)
    assert isinstance(sky.probe(step, **given), Done)
    for value in (current, new):
        with database.use(value) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (GROUP,)


def test_setting_it_twice_is_the_same_as_once(database: Server, new: SecretStr) -> None:
    set_up(database, new)
    set_up(database, new)

    assert isinstance(sky.probe(database.steps()["set_password"], role=RESTING, value=new), Done)


def test_taking_it_back_lets_the_role_rest_again(database: Server, new: SecretStr) -> None:
    step = database.steps()["set_password"]
    given = {"role": RESTING, "value": new}
    done = sky.run(step, **given)

    for _ in range(2):
        infra.undo(step, infra.params(step, **given), done.outputs, sky.called())

    assert database.verifier(RESTING) is None
    with pytest.raises(psycopg.OperationalError):
        database.use(new)


def test_what_is_in_use_is_neither_set_nor_found_nor_taken_back(
    database: Server, current: SecretStr, new: SecretStr
) -> None:
    set_up(database, new)
    steps = database.steps()
    done = sky.run(steps["set_password"], role=RESTING, value=new)
    given = infra.params(steps["set_password"], role=RESTING, value=new)
    with database.use(new, "a-stranger"):
        for act in (
            lambda: sky.run(steps["set_password"], role=RESTING, value=new),
            lambda: sky.run(steps["find_roles"], value=current, **FIND),
            lambda: infra.undo(steps["set_password"], given, done.outputs, sky.called()),
        ):
            assert "a-stranger from 127.0.0.1" in sky.refusal(Refused, act).message


def test_a_session_is_waited_for_and_named_and_lives_on(
    database: Server, current: SecretStr
) -> None:
    drain = database.steps()["drain"]
    with database.use(current, "slow-worker") as connection:
        said = sky.refusal(NotConverged, lambda: sky.run(drain, role=ACTIVE, timeout=1))
        assert connection.execute("SELECT 1").fetchone() == (1,)

    assert "slow-worker from 127.0.0.1 since 20" in said.message
    assert sky.run(drain, role=ACTIVE).outputs.remaining == 0


def test_of_a_role_in_use_only_earlier_sessions_count(database: Server, current: SecretStr) -> None:
    database.sql("ALTER ROLE {} SET timezone TO 'Asia/Kathmandu'", ENGINE)  # the moment is in UTC
    step = database.steps()["set_password"]
    with database.use(current, "early"):
        moment = sky.run(
            step, role=RESTING, value=with_login(current, RESTING, SecretStr("x" * 20))
        )
        drain = database.steps()["drain"]
        given = {"role": ACTIVE, "opened_before": moment.outputs.changed_at, "timeout": 1}
        assert "early" in sky.refusal(NotConverged, lambda: sky.run(drain, **given)).message
    with database.use(current, "late"):
        done = sky.run(drain, **given)
    database.sql("ALTER ROLE {} RESET timezone", ENGINE)

    assert moment.outputs.changed_at.endswith("+00:00")
    assert done.outputs.remaining == 1
    assert "late 1" in done.evidence


def test_a_locked_role_is_refused_and_the_other_is_not(
    database: Server, current: SecretStr, new: SecretStr
) -> None:
    set_up(database, new)
    steps = database.steps()
    given = {"role": ACTIVE, "keep": RESTING}
    assert isinstance(sky.probe(steps["lock_role"], **given), NotYet)

    sky.run(steps["lock_role"], **given)

    started = sky.called(head="0" * 64)
    assert isinstance(sky.probe(steps["lock_role"], started, **given), Done)
    assert database.verifier(ACTIVE) is None
    sky.run(steps["try_login"], role=ACTIVE, value=current, expect="refused")
    sky.run(steps["try_login"], role=RESTING, value=new, expect="accepted")


def test_nothing_is_locked_while_the_role_to_keep_may_not_log_in_or_sessions_are_left(
    database: Server, current: SecretStr, new: SecretStr
) -> None:
    lock = database.steps()["lock_role"]
    given = {"role": ACTIVE, "keep": RESTING}
    said = sky.refusal(Refused, lambda: sky.run(lock, **given))
    assert f"{RESTING}, may not log in" in said.message

    set_up(database, new)
    with database.use(current, "late-comer"):
        assert "late-comer" in sky.refusal(Refused, lambda: sky.run(lock, **given)).message
    assert database.verifier(ACTIVE) is not None
    itself = {"role": ACTIVE, "keep": ACTIVE}
    assert "both" in sky.refusal(Refused, lambda: sky.run(lock, **itself)).message


def test_a_role_that_somebody_locked_by_hand_loses_its_password_too(
    database: Server, current: SecretStr, new: SecretStr
) -> None:
    set_up(database, new)
    lock = database.steps()["lock_role"]
    given = {"role": ACTIVE, "keep": RESTING}
    database.sql("ALTER ROLE {} NOLOGIN VALID UNTIL '2020-01-01'", ACTIVE)
    assert "all the same" in str(sky.probe(lock, **given))

    done = sky.run(lock, **given)

    assert "without a password" in done.evidence
    assert database.verifier(ACTIVE) is None


def test_a_session_that_began_while_the_lock_waited_is_told(
    database: Server, current: SecretStr, new: SecretStr
) -> None:
    set_up(database, new)
    lock = database.steps()["lock_role"]
    given = {"role": ACTIVE, "keep": RESTING}
    holding = f"SELECT FROM pg_authid WHERE rolname = '{ACTIVE}' FOR UPDATE"
    locking = partial(sky.refusal, Refused, lambda: sky.run(lock, **given))
    with waiting(database, holding, locking) as told, database.use(current, "late-comer"):
        assert "late-comer" in told().message

    assert database.verifier(ACTIVE) is None
    assert "without sessions" in sky.run(lock, **given).evidence


def test_a_change_that_loses_a_race_is_tried_again(
    database: Server, current: SecretStr, new: SecretStr
) -> None:
    set_password = database.steps()["set_password"]
    given = {"role": RESTING, "value": new}
    holding = f"ALTER ROLE {RESTING} CONNECTION LIMIT 5"
    setting = partial(sky.refusal, Transient, lambda: sky.run(set_password, **given))
    with waiting(database, holding, setting) as told:
        assert "another transaction changed the same role" in told().message

    sky.run(set_password, **given)


@contextmanager
def waiting(database: Server, holding: str, act: Callable[[], E]) -> Iterator[Callable[[], E]]:
    """Hold a lock by a statement while `act` runs into it; asked for its result, let go of the lock."""
    query = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'runbook-engine' AND wait_event_type = 'Lock'"
    )
    with ThreadPoolExecutor(1) as pool, database.postgres.connect("postgres") as other:
        other.execute("BEGIN")
        other.execute(holding)
        acting = pool.submit(act)
        while not acting.done() and database.ask(query) != [(1,)]:
            pass

        def told() -> E:
            other.execute("COMMIT")
            return acting.result()

        yield told


def test_a_locked_role_with_its_password_left_counts_as_refused(
    database: Server, current: SecretStr
) -> None:
    """The server says 28000 then, after the password was right."""
    database.sql("ALTER ROLE {} NOLOGIN", ACTIVE)

    done = sky.run(database.steps()["try_login"], role=ACTIVE, value=current, expect="refused")

    assert "28000" in done.evidence


def test_the_shared_role_is_replaced_once_and_only_from_the_value_in_force(
    database: Server, current: SecretStr
) -> None:
    old, new = SecretStr("old-password-1234"), SecretStr("new-password-5678")
    database.sql(f"CREATE ROLE {{}} LOGIN PASSWORD '{old.get_secret_value()}'", "plana")
    database.postgres.run_file("postgres", SETUP, engine=ENGINE, shared="plana")
    step = database.steps()["replace_password"]
    given: dict[str, Any] = {"role": "plana", "value": new, "consumers": {"erp": {}, "account": {}}}

    stranger = {**given, "replaces": SecretStr("a-third-password")}
    assert "neither" in sky.refusal(Refused, lambda: sky.run(step, **stranger)).message
    given["replaces"] = old
    sky.run(step, **given)

    assert isinstance(sky.probe(step, **given), Done)
    for value, verdict in ((old, "refused"), (new, "accepted")):
        sky.run(database.steps()["try_login"], role="plana", value=value, expect=verdict)
    assert step.describe is not None
    told = step.describe(infra.params(step, **given))
    assert "no way back" in told
    assert "- `account`\n- `erp`" in told
