"""New values: drawn, or brought by a person."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from adapters import secret
from engine.errors import Refused
from engine.step import Ask, Effect, Step, Untouched
from tests.adapters import infra, sky

OFFERED: dict[str, Step[Any, Any]] = {step.name: step for step in secret.steps()}
GENERATE, PROVIDE = OFFERED["secret.generate"], OFFERED["secret.provide"]
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


def drawn(**given: Any) -> str:
    value: str = sky.run(GENERATE, **given).outputs.value.get_secret_value()
    return value


def judge(value: str, **given: Any) -> None:
    assert PROVIDE.check_answer is not None
    PROVIDE.check_answer(infra.params(PROVIDE, **given), SecretStr(value))


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ({}, r"[0-9a-f]{64}"),
        ({"bytes": 16}, r"[0-9a-f]{32}"),
        ({"format": "base64url", "bytes": 24}, r"[A-Za-z0-9_-]{32}"),
        ({"format": "alphabet", "alphabet": LETTERS, "length": 26}, rf"[{LETTERS}]{{26}}"),
    ],
)
def test_values_have_the_shape_asked_for_and_differ(given: Any, shape: str) -> None:
    values = {drawn(**given) for _ in range(20)}

    assert len(values) == 20
    assert all(re.fullmatch(shape, value) for value in values)


def test_every_character_of_an_alphabet_is_drawn() -> None:
    values = [drawn(format="alphabet", alphabet=LETTERS, length=40) for _ in range(50)]

    assert set("".join(values)) == set(LETTERS)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"bytes": 15}, "greater than or equal to 16"),
        ({"bytes": 129}, "less than or equal to 128"),
        ({"format": "alphabet"}, "needs both alphabet and length"),
        ({"format": "alphabet", "alphabet": LETTERS}, "needs both alphabet and length"),
        ({"format": "alphabet", "alphabet": "abca", "length": 99}, "twice"),
        ({"format": "alphabet", "alphabet": "a", "length": 999}, "at least two"),
        ({"format": "alphabet", "alphabet": "ab c", "length": 99}, "white space"),
        ({"format": "alphabet", "alphabet": LETTERS, "length": 25}, "set length to 26 or more"),
        ({"format": "hex", "length": 64}, "belong to the format alphabet"),
        ({"format": "rot13"}, "hex"),
    ],
)
def test_weak_or_contradictory_wishes_are_refused_at_validation(given: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        infra.params(GENERATE, **given)


def test_a_drawn_value_is_told_by_its_fingerprint_alone() -> None:
    done = sky.run(GENERATE)

    value = done.outputs.value
    assert done.outputs.fingerprint == infra.call().fingerprint(value)
    assert value.get_secret_value() not in f"{done.evidence}{done!r}"


def test_both_bring_a_value_into_being_and_touch_nothing_else() -> None:
    for step in (GENERATE, PROVIDE):
        assert step.effect is Effect.MINT
        assert isinstance(step.undo, Untouched)
    assert PROVIDE.ask is Ask.SEALED_VALUE


def test_a_brought_value_is_handed_on() -> None:
    done = sky.run(PROVIDE, sky.called(answer=sky.secret()), pattern="sk-ant-[A-Za-z0-9-]+")

    assert done.outputs.value == sky.secret()
    assert done.outputs.fingerprint == infra.call().fingerprint(sky.secret())
    assert "ada, bob" in done.evidence
    assert sky.MARKER not in f"{done!r}"


def test_no_value_is_refused_with_the_way_to_bring_one() -> None:
    error = sky.refusal(Refused, lambda: sky.run(PROVIDE))

    assert "runbook seal" in error.hint


@pytest.mark.parametrize(
    ("value", "given", "message"),
    [
        (f" {sky.MARKER}", {}, "white space or a line break around"),
        (f"{sky.MARKER}\n", {}, "white space or a line break around"),
        (f"{sky.MARKER}\n{sky.MARKER}", {}, "control character or a line break in"),
        (f"{sky.MARKER}\x00x", {}, "control character"),
        (f"{sky.MARKER}\u200b", {}, "control character"),
        ("short", {}, "shorter than 8"),
        ("", {}, "shorter than 8"),
        (sky.MARKER, {"max_length": 9}, "longer than 9"),
        (sky.MARKER, {"pattern": "sk-ant-[a-z]+"}, r"pattern sk-ant-\[a-z\]\+"),
        (sky.MARKER, {"pattern": "sk-ant"}, "pattern"),
    ],
)
def test_an_unusable_value_is_refused_without_being_told(
    value: str, given: Any, message: str
) -> None:
    error = sky.refusal(Refused, lambda: judge(value, **given))

    assert re.search(message, error.message)
    assert set(re.findall(r"\d+", error.message)) <= {"8", "9"}  # the limits, not its length


def test_the_value_in_force_is_not_taken_for_a_new_one() -> None:
    error = sky.refusal(Refused, lambda: judge(sky.MARKER, replaces=sky.secret()))
    judge(f"{sky.MARKER}-2", replaces=sky.secret())

    assert "the value in force" in error.message


def test_what_both_values_must_have_in_common_is_compared_and_not_told() -> None:
    given = {"keeps": "[sr]k_(live|test)_.*", "replaces": sky.secret(f"sk_live_{sky.MARKER}")}
    judge(f"rk_live_another-{sky.MARKER}", **given)
    judge("rk_test_another", **{**given, "replaces": sky.secret("of-an-older-form")})

    for other in (f"sk_test_{sky.MARKER}", f"another-{sky.MARKER}"):
        error = sky.refusal(Refused, partial(judge, other, **given))
        assert "not like the value in force" in error.message


def test_run_judges_again() -> None:
    call = sky.called(answer=sky.secret(f"{sky.MARKER}\n"))

    sky.refusal(Refused, lambda: sky.run(PROVIDE, call))


def test_spaces_inside_a_value_are_its_own_business() -> None:
    judge("correct horse battery staple")


LINES = f"-----BEGIN A KEY-----\n{sky.MARKER}\n\tit goes on  \n-----END A KEY-----\n"


@pytest.mark.parametrize("value", [LINES, LINES.removesuffix("\n"), f"{sky.MARKER}\n", sky.MARKER])
def test_a_value_of_several_lines_is_handed_on_exactly_as_it_is(value: str) -> None:
    done = sky.run(PROVIDE, sky.called(answer=SecretStr(value)), multiline=True)

    assert done.outputs.value.get_secret_value() == value
    assert sky.MARKER not in f"{done!r}"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (LINES.replace("\n", "\r\n"), "its lines end as on Windows"),
        (LINES.replace("\n", "\r"), "its lines end as on Windows"),
        (f"{LINES}\n", "white space around it, beside one line break at its end"),
        (f"\n{LINES}", "white space around it"),
        (f" {LINES}", "white space around it"),
        (LINES.removesuffix("\n") + "\t\n", "white space around it"),
        (LINES.replace("goes", "g\x00es"), "control character"),
        (LINES.replace("goes", "g\x1bes"), "control character"),
        (LINES.replace("goes", "g\u2028es"), "control character"),
        (LINES.replace("goes", "g\x0ces"), "control character"),
        ("\n", "shorter than 8"),
        (LINES * 99, "longer than 4096"),
    ],
)
def test_of_several_lines_nothing_else_is_taken_and_no_line_is_told(
    value: str, message: str
) -> None:
    error = sky.refusal(Refused, lambda: judge(value, multiline=True))

    assert message in error.message
    assert "it goes on" not in f"{error.message}{error.hint}"


def test_how_several_lines_are_brought_is_said_where_somebody_needs_it() -> None:
    assert PROVIDE.describe is not None

    assert "multiline" in sky.refusal(Refused, lambda: judge(LINES)).hint
    assert "tr -d" in sky.refusal(
        Refused, lambda: judge(LINES.replace("\n", "\r\n"), multiline=True)
    ).hint  # fmt: skip
    assert "runbook seal --file" in PROVIDE.describe(infra.params(PROVIDE, multiline=True))
    assert "--file" not in PROVIDE.describe(infra.params(PROVIDE))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"pattern": "["}, "no regular expression"),
        ({"min_length": 10, "max_length": 9}, "above max_length"),
        ({"min_length": 0}, "greater than or equal to 1"),
        ({"keeps": "[", "replaces": "x"}, "no regular expression"),
        ({"keeps": "sk_live_.*", "replaces": "x"}, "no group"),
        ({"keeps": "sk_(live|test)_.*"}, "`replaces` must name"),
    ],
)
def test_impossible_wishes_are_refused_at_validation(given: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        infra.params(PROVIDE, **given)


def test_instructions_are_shown_at_the_gate() -> None:
    assert PROVIDE.describe is not None

    assert "Open the console." in PROVIDE.describe(
        infra.params(PROVIDE, instructions="Open the console.")
    )
