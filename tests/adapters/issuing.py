"""The steps of a renewal up to the pair, on a certificate in force and a request for the next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from adapters import tpp
from engine.errors import Refused
from engine.step import Done, Step
from sandbox.qtsp import Order, authority, pair
from tests.adapters import infra, sky

OFFERED: dict[str, Step[Any, Any]] = {step.name: step for step in tpp.steps(lambda _: None)}
STANDING, REQUEST, RECEIVE = (OFFERED[f"tpp.{name}"] for name in ("standing", "request", "receive"))
IN_FORCE, LONG_OVER = pair("qwac", timedelta(days=65)), pair("qwac", timedelta(days=-300))


def standing(in_force: str = IN_FORCE, replaced: str = LONG_OVER, kind: str = "qwac") -> Done[Any]:
    return sky.run(STANDING, in_force=in_force, replaced=replaced, kind=kind)


OLD = standing().outputs
ASKED = sky.run(REQUEST, certificate=OLD.pem).outputs
KEY_LINES = ASKED.key.get_secret_value().splitlines()[1:-1]


def given(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "qwac", "certificate": OLD.pem, "csr": ASKED.csr, "key": ASKED.key, **changes,
    }  # fmt: skip


def issued(order: Order | None = None, csr: str = "") -> str:
    return authority().issue(csr or ASKED.csr, order or Order())


def receive(text: str, **changes: Any) -> Done[Any]:
    call = sky.called(answer=SecretStr(text))
    return sky.run(RECEIVE, call, **given(**changes))


def refusal(text: str, **changes: Any) -> str:
    """Return why the gate refuses it; the key must be in no word of it."""
    params = infra.params(RECEIVE, **given(**changes))
    assert RECEIVE.check_answer is not None
    judge = RECEIVE.check_answer
    error = sky.refusal(Refused, lambda: judge(params, SecretStr(text)))
    assert not any(line in f"{error}" for line in KEY_LINES)
    return error.message
