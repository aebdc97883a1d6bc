"""A change is waited for only so long, also where the server itself would wait on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from engine.errors import OutcomeUnknown
from engine.step import Done
from tests.adapters import sky
from tests.adapters.database import RESTING, silent_after

if TYPE_CHECKING:
    from tests.adapters.database import Server

pytestmark = pytest.mark.xdist_group("database")


def test_a_change_that_no_standby_confirms_is_not_waited_for_without_end(
    database: Server, new: SecretStr
) -> None:
    """`statement_timeout` does not count inside a commit; once it is asked again, it is found done."""
    set_password = database.steps(statement_timeout=1)["set_password"]
    given = {"role": RESTING, "value": new}
    try:
        alter(database, "SET synchronous_standby_names TO 'nobody'")
        said = sky.refusal(OutcomeUnknown, lambda: sky.run(set_password, **given))
    finally:
        alter(database, "RESET synchronous_standby_names")

    assert "no standby has confirmed it" in said.message
    assert isinstance(sky.probe(set_password, **given), Done)


def test_a_server_that_falls_silent_in_a_change_is_not_waited_for_without_end(
    database: Server, new: SecretStr
) -> None:
    with silent_after(database.port, b"ALTER ROLE") as port:
        set_password = database.steps(port=port, tls="disable", statement_timeout=1)["set_password"]
        said = sky.refusal(OutcomeUnknown, lambda: sky.run(set_password, role=RESTING, value=new))

    assert "went away while a change was made" in said.message


def alter(database: Server, change: str) -> None:
    """Change a setting of the whole server, and see that it is in force."""
    with database.postgres.connect("postgres") as owner:
        before = owner.execute("SELECT pg_conf_load_time()").fetchone()
        owner.execute(f"ALTER SYSTEM {change}")
        owner.execute("SELECT pg_reload_conf()")
        while owner.execute("SELECT pg_conf_load_time()").fetchone() == before:
            pass
