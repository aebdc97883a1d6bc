"""No password is met in anything the server keeps, with everything on that it can log."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from adapters.postgres.admin import SHIELDS, open_admin
from adapters.postgres.credential import credential_in
from adapters.postgres.scram import make_verifier
from engine.errors import RunbookError
from tests.adapters import infra, sky
from tests.adapters.database import ACTIVE, ENGINE, GROUP, LOGINS, RESTING

if TYPE_CHECKING:
    from tests.adapters.database import Server

pytestmark = pytest.mark.xdist_group("database")

VERIFIER = "SCRAM-SHA-256$4096:"


def kept(database: Server) -> Iterator[str]:
    """Yield what the server kept: its log, and all statistics of statements."""
    yield database.log()
    for query in ("SELECT query FROM pg_stat_statements", "SELECT query FROM pg_stat_activity"):
        yield "\n".join(str(row[0]) for row in database.ask(query))


def spellings(password: SecretStr) -> set[str]:
    raw = password.get_secret_value()
    return {raw, raw.encode().hex(), base64.b64encode(raw.encode()).decode()}


def rotate(database: Server, current: SecretStr) -> tuple[SecretStr, SecretStr]:
    """Make all moves of a rotation, and return both passwords; a move that fails is one, too."""
    steps = database.steps()
    sky.run(steps["find_roles"], value=current, logins=LOGINS, group=GROUP)
    new = sky.run(steps["new_credential"], current=current, role=RESTING).outputs.value
    infra.probe(
        steps["set_password"],
        infra.params(steps["set_password"], role=RESTING, value=new),
        sky.called(),
    )
    sky.run(steps["set_password"], role=RESTING, value=new)
    sky.run(steps["try_login"], role=RESTING, value=new, expect="accepted")
    sky.run(steps["drain"], role=ACTIVE)
    sky.run(steps["lock_role"], role=ACTIVE, keep=RESTING)
    sky.run(steps["try_login"], role=ACTIVE, value=current, expect="refused")
    return credential_in(current).password, credential_in(new).password


def test_neither_password_nor_verifier_is_kept_by_the_server(
    database: Server, caplog: pytest.LogCaptureFixture
) -> None:
    database.sql("SELECT pg_stat_statements_reset()")
    current = database.fresh()
    before = database.log()
    with caplog.at_level(logging.DEBUG):
        passwords = rotate(database, current)

    old, new = passwords
    told = [*kept(database), caplog.text]
    told[0] = told[0].removeprefix(before)
    assert "statement: SELECT pg_catalog.set_config" not in told[0]
    assert "connection authorized: user=runbook_rotator" in told[0]
    assert "NOLOGIN PASSWORD NULL" in told[0]
    assert [text for text in told if any(each in text for each in spellings(new))] == []
    assert [text for text in (told[0], told[2], told[3]) if old.get_secret_value() in text] == []
    assert [text for text in told if VERIFIER in text] == []


def test_what_a_server_prints_of_its_parsing_has_no_change_in_it(database: Server) -> None:
    """From 16 on such a dump holds every statement whole; our role may turn it off by itself."""
    database.fresh()
    database.sql("ALTER SYSTEM SET debug_print_parse = on")
    database.sql("SELECT pg_reload_conf()")
    try:
        with open_admin(database.settings()) as admin:
            before = database.log()
            admin.set_verifier(RESTING, make_verifier(SecretStr("of this test alone")))
            told = database.log().removeprefix(before)
    finally:
        database.sql("ALTER SYSTEM RESET debug_print_parse")
        database.sql("SELECT pg_reload_conf()")

    assert "parse tree:" in told
    assert re.findall(r":utilityStmt [^<]", told) == []  # `<>` is none


def test_without_the_right_to_hide_it_the_log_has_the_verifier_and_no_password(
    database: Server,
) -> None:
    current = database.fresh()
    names = ", ".join(SHIELDS)
    database.sql(f"REVOKE SET ON PARAMETER {names} FROM {ENGINE}")
    before = database.log()
    try:
        _, new = rotate(database, current)
    finally:
        database.sql(f"GRANT SET ON PARAMETER {names} TO {ENGINE}")

    told = database.log().removeprefix(before)
    assert VERIFIER in told
    assert [each for each in spellings(new) if each in told] == []


WAITING = "SELECT query FROM pg_stat_activity JOIN pg_locks USING (pid) WHERE NOT granted"


def shown_waiting(database: Server, change: Future[RunbookError]) -> list[str]:
    """Return what pg_read_all_stats lets one see of a change that waits for a lock."""
    found: list[tuple[str]] = []
    while not (found or change.done()):
        found = database.ask(WAITING)
    return [query for (query,) in found]


def test_a_change_that_waits_and_fails_is_kept_without_password_and_verifier(
    database: Server,
) -> None:
    """The server shows the statement while it waits, and repeats it with the error, if it may."""
    current = database.fresh()
    steps = database.steps()
    new = sky.run(steps["new_credential"], current=current, role=RESTING).outputs.value
    before = database.log()
    short = database.steps(statement_timeout=2)["set_password"]
    with (
        ThreadPoolExecutor(1) as pool,
        database.postgres.connect("postgres") as other,
        other.transaction(),
    ):
        other.execute(f"ALTER ROLE {RESTING} CONNECTION LIMIT 5")
        failing = pool.submit(
            sky.refusal, RunbookError, lambda: sky.run(short, role=RESTING, value=new)
        )
        shown = shown_waiting(database, failing)
        said = failing.result()

    told = database.log().removeprefix(before)
    assert "canceling statement due to" in told
    assert shown
    assert [query for query in shown if VERIFIER in query] == []
    assert VERIFIER not in told
    assert VERIFIER not in str(said)
    assert credential_in(new).password.get_secret_value() not in told + str(said)
