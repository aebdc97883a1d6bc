"""What the server says no with, before a run and within it, and what that proves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from adapters.postgres import check
from adapters.postgres.credential import credential_in
from engine.errors import NotConverged, Refused, RunbookError, Transient
from tests.adapters import sky
from tests.adapters.database import ACTIVE, ENGINE, GROUP, LOGINS, RESTING

if TYPE_CHECKING:
    from tests.adapters.database import Server

pytestmark = pytest.mark.xdist_group("database")

FIND = {"logins": LOGINS, "group": GROUP}


def test_a_password_that_is_kept_by_md5_is_brought_over_before_the_rule_is(
    database: Server,
) -> None:
    """With the rule first, nobody would be let in by such a hash any more."""
    database.sql("DROP ROLE IF EXISTS older")
    with database.postgres.connect("postgres") as owner:
        owner.execute("SET password_encryption TO md5")
        owner.execute("CREATE ROLE older LOGIN PASSWORD 'open-sesame-77'")
    step = database.steps()["try_login"]
    given = {"role": "older", "value": "open-sesame-77", "expect": "accepted", "timeout": 1}

    said = sky.refusal(Refused, lambda: sky.run(step, **given))

    assert "not SCRAM-SHA-256" in said.message
    assert "set the same password once more" in said.hint
    database.sql("ALTER ROLE older PASSWORD 'open-sesame-77'")
    assert "accepted" in sky.run(step, **given).evidence


def test_a_password_counts_as_accepted_where_only_the_database_is_shut(
    database: Server, current: SecretStr
) -> None:
    """A secret that is a password alone names none; a URL does, and its service needs that one."""
    database.sql("DROP ROLE IF EXISTS plana")
    database.sql("CREATE ROLE plana LOGIN PASSWORD 'open-sesame-77'")
    step = database.steps(database="closed")["try_login"]
    given = {"role": "plana", "expect": "accepted", "timeout": 1}
    database.sql("CREATE DATABASE closed")
    try:
        database.sql("REVOKE CONNECT ON DATABASE closed FROM public")
        alone = sky.run(step, value="open-sesame-77", **given)
        wrong = {**given, "value": "open-sesame-78", "expect": "refused"}
        refused = sky.run(step, **wrong)
        url = database.url("plana", "open-sesame-77").get_secret_value()
        shut = {**given, "value": url.replace("/postgres?", "/closed?")}
        said = sky.refusal(Refused, lambda: sky.run(step, **shut))
    finally:
        database.sql("DROP DATABASE closed")

    assert alone.outputs.verdict == "accepted"
    assert refused.outputs.verdict == "refused"
    assert "42501" in said.message


@pytest.mark.parametrize(
    ("role", "made", "words"),
    [
        ("barred", "CREATE ROLE barred LOGIN PASSWORD 'open-sesame-77'", "28000"),
        ("weak", "CREATE ROLE weak LOGIN PASSWORD 'open-sesame-77'", "not SCRAM-SHA-256"),
    ],
)
def test_a_no_of_the_rules_of_access_proves_nothing(
    database: Server, role: str, made: str, words: str
) -> None:
    database.sql(f"DROP ROLE IF EXISTS {role}")
    database.sql(made)
    step = database.steps()["try_login"]
    given = {"role": role, "value": "open-sesame-77", "expect": "refused", "timeout": 1}

    assert words in sky.refusal(Refused, lambda: sky.run(step, **given)).message


def test_an_accepted_password_is_not_a_refused_one(database: Server, current: SecretStr) -> None:
    step = database.steps()["try_login"]
    given = {"role": ACTIVE, "value": current, "expect": "refused", "timeout": 1}

    assert (
        "refused was expected" in sky.refusal(NotConverged, lambda: sky.run(step, **given)).message
    )


def test_no_answer_proves_nothing(database: Server, current: SecretStr) -> None:
    step = database.steps(host="127.0.0.1", port=1)["try_login"]
    given = {"role": ACTIVE, "value": current, "expect": "refused", "timeout": 1}

    assert "did not answer" in sky.refusal(Transient, lambda: sky.run(step, **given)).message


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("ALTER ROLE {} SUPERUSER", "is a superuser"),
        ("ALTER ROLE {} VALID UNTIL '2020-01-01'", "VALID UNTIL"),
        (f"REVOKE {GROUP} FROM {{}}", "no member of"),
        ("ALTER ROLE {} RESET role", "does not act as"),
        (f"ALTER ROLE {GROUP} LOGIN", f"{GROUP} may log in itself"),
    ],
)
def test_a_preflight_tells_what_is_wrong_with_a_role(
    database: Server, current: SecretStr, statement: str, words: str
) -> None:
    database.sql(statement, *([RESTING] if "{}" in statement else []))
    found = database.steps()["find_roles"].preflight
    assert found is not None

    assert words in sky.refusal(Refused, lambda: found.look(found.params(**FIND))).message


@pytest.mark.parametrize(
    ("settings", "is_acting"),
    [
        (("IN DATABASE template1 SET role TO pulse_events", "RESET role"), False),
        (("IN DATABASE postgres SET role TO 'none'",), False),
        (("RESET role", "IN DATABASE postgres SET role TO pulse_events"), True),
        (("IN DATABASE template1 SET role TO 'none'",), True),
    ],
)
def test_a_role_must_act_as_the_group_in_the_database_of_the_secret(
    database: Server, current: SecretStr, settings: tuple[str, ...], is_acting: bool
) -> None:
    for setting in settings:
        database.sql(f"ALTER ROLE {{}} {setting}", RESTING)
    find = database.steps()["find_roles"]

    if is_acting:
        assert sky.run(find, value=current, **FIND).outputs.resting == RESTING
    else:
        said = sky.refusal(Refused, lambda: sky.run(find, value=current, **FIND))
        assert f"{RESTING} does not act as {GROUP} in postgres" in said.message


@pytest.mark.parametrize(
    ("take", "give", "words"),
    [
        (
            f"ALTER ROLE {ENGINE} NOCREATEROLE",
            f"ALTER ROLE {ENGINE} CREATEROLE",
            "lacks CREATEROLE",
        ),
        (
            f"REVOKE pg_read_all_stats FROM {ENGINE}",
            f"GRANT pg_read_all_stats TO {ENGINE}",
            "may not see who is connected",
        ),
    ],
)
def test_a_preflight_tells_which_right_is_missing(
    database: Server, current: SecretStr, take: str, give: str, words: str
) -> None:
    found = database.steps()["find_roles"].preflight
    assert found is not None
    database.sql(take)
    try:
        assert words in sky.refusal(Refused, lambda: found.look(found.params(**FIND))).message
    finally:
        database.sql(give)


def test_a_server_that_takes_no_change_is_told_as_passing(
    database: Server, current: SecretStr
) -> None:
    database.sql(f"ALTER ROLE {ENGINE} SET default_transaction_read_only = on")
    try:
        said = sky.refusal(Transient, lambda: check(database.settings()))
    finally:
        database.sql(f"ALTER ROLE {ENGINE} RESET default_transaction_read_only")

    assert "takes no change now" in said.message


def test_a_lock_that_is_not_free_changes_nothing(
    database: Server, new: SecretStr, current: SecretStr
) -> None:
    step = database.steps(statement_timeout=1)["set_password"]
    with database.postgres.connect("postgres") as other, other.transaction():
        other.execute(f"ALTER ROLE {RESTING} CONNECTION LIMIT 5")
        said = sky.refusal(Transient, lambda: sky.run(step, role=RESTING, value=new))

    assert "nothing was changed" in said.message
    assert database.verifier(RESTING) is None


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"tls": "verify-full", "ca_file": None}, Refused, "cannot be trusted"),
        ({"user": "nobody_known"}, Refused, "28P01"),
        ({"database": "nothing_here"}, Refused, "3D000"),
        ({"host": ""}, Refused, "no database server is set"),
        ({"port": 1}, Transient, "did not answer"),
    ],
)
def test_the_doctor_tells_why_nobody_is_let_in(
    database: Server, changes: dict[str, Any], kind: type[RunbookError], words: str
) -> None:
    assert words in sky.refusal(kind, lambda: check(database.settings(**changes))).message


def test_the_doctor_tells_the_version(database: Server, current: SecretStr) -> None:
    assert f"lets {ENGINE} in" in check(database.settings())


@pytest.mark.parametrize("tls", ["require", "verify-ca"])
def test_the_other_ways_of_trust_work(database: Server, current: SecretStr, tls: str) -> None:
    assert check(database.settings(tls=tls))


def test_over_the_socket_nobody_asks_for_tls(database: Server, current: SecretStr) -> None:
    assert check(database.settings(host=str(database.postgres.folder)))


def test_being_let_in_without_a_password_proves_nothing(database: Server) -> None:
    database.sql("DROP ROLE IF EXISTS let_in")
    database.sql("CREATE ROLE let_in LOGIN")
    step = database.steps(host=str(database.postgres.folder))["try_login"]
    given = {"role": "let_in", "value": "anything-at-all", "expect": "accepted", "timeout": 1}

    assert "without its password" in sky.refusal(Refused, lambda: sky.run(step, **given)).message


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://plana@pg01/plana",
        "postgresql://:secret@pg01/plana",
        "postgresql://Plana:secret@pg01/plana",
        "postgresql://plana:secret@[pg01/plana",
        "not a url",
    ],
)
def test_a_secret_that_cannot_be_read_is_not_quoted(text: str) -> None:
    act: Callable[[], object] = lambda: credential_in(SecretStr(text))  # noqa: E731 - a value of the test

    assert "secret@" not in str(sky.refusal(Refused, act))


def test_the_wrong_role_in_a_secret_is_told(current: SecretStr) -> None:
    said = sky.refusal(Refused, lambda: credential_in(current, RESTING))

    assert f"of the role {ACTIVE}, not of {RESTING}" in said.message
