"""Which secrets a form takes, by what their entries have and have not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from engine.catalogue import Catalogue, Secret
from engine.checks import read_runbook
from engine.errors import Refused
from engine.findings import Invalid
from engine.inputs import check_inputs, eligible
from engine.runbook import Part, Runbook
from tests.engine.bad_runbooks import HEAD, ONE_STEP
from tests.engine.test_checks import AROUND
from tests.engine.test_pairs import entry

CHECK = {"url": "http://127.0.0.1/health"}
CATALOGUE = Catalogue.model_validate(
    {
        "secrets": {
            "brought": entry("brought", check=CHECK),
            "also-brought": entry("also", check=CHECK),
            "generated": entry("generated", check=CHECK, generate={}),
            "of-a-database": entry("login", postgres={"role": "login"}),
            "unchecked": entry("unchecked"),
        }
    }
)
AROUND_THEM = replace(AROUND, catalogue=CATALOGUE)
ASKS = """\
secret: "${{ inputs.secret }}"
inputs:
  secret: {type: secret, without: [generate, postgres], description: Which.}
steps:
  - {id: look, uses: lamp.light, with: {bulb: "${{ secret.check.url }}"}}
"""


def runbook(text: str = HEAD + ASKS) -> Runbook:
    return read_runbook(text, "try.yaml", AROUND_THEM)[0]


def refusal(secret: Any, catalogue: Catalogue = CATALOGUE) -> str:
    with pytest.raises(Refused) as caught:
        check_inputs(runbook(), {"secret": secret}, catalogue)
    return caught.value.message


def test_what_the_form_is_without_is_not_offered() -> None:
    assert eligible(runbook(), CATALOGUE) == ("also-brought", "brought")
    assert check_inputs(runbook(), {"secret": "brought"}, CATALOGUE) == {"secret": "brought"}


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("generated", ": the entry of generated has `generate`"),
        ("of-a-database", ": the entry of of-a-database has `postgres` and lacks `check`"),
        ("unchecked", ": the entry of unchecked lacks `check`"),
        ("nowhere", ""),
        (["brought"], ""),
    ],
)
def test_an_entry_of_another_kind_is_refused_with_what_it_has_or_lacks(
    secret: Any, why: str
) -> None:
    assert refusal(secret) == f"`secret` is none of also-brought, brought{why}"


def test_where_no_entry_fits_the_refusal_names_none() -> None:
    alone = Catalogue.model_validate({"secrets": {"generated": entry("g", generate={})}})

    told = refusal("generated", alone)

    assert told.startswith("`secret` may be none that the catalogue has: the entry of generated ")


def test_a_half_of_a_pair_is_refused_as_one() -> None:
    pair = {"key": entry("key", check=CHECK), "both": entry("both", check=CHECK, identifier="key")}
    catalogue = Catalogue.model_validate({"secrets": pair})
    writes = (
        runbook()
        .steps[0]
        .model_copy(update={"with_": {"value": "a", "at": "${{ secret.sops.path }}"}})
    )
    writing = runbook().model_copy(update={"steps": (writes,)})

    with pytest.raises(Refused, match="the entry of key is half of a pair"):
        check_inputs(writing, {"secret": "key"}, catalogue)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{type: string, without: [check], description: Why.}", "goes with `type: secret` alone"),
        (
            "{type: secret, without: [colour], description: Why.}",
            "try.yaml:7:36: `inputs.secret.without.0`",
        ),
    ],
)
def test_without_is_of_a_secret_and_names_parts_of_an_entry(line: str, what: str) -> None:
    with pytest.raises(Invalid) as caught:
        runbook(f"{ONE_STEP}inputs:\n  secret: {line}\n")

    assert what in str(caught.value)


@pytest.mark.parametrize("value", ["OPS-1\n", "OPS-", "x OPS-1", "OPS-1 "])
def test_a_text_fits_its_pattern_as_in_the_form(value: str) -> None:
    """Python's own `$` would let a line break through."""
    text = HEAD + (
        "inputs:\n  ticket: {type: string, description: T., pattern: '^OPS-[0-9]+$'}\n"
        'steps:\n  - {id: look, uses: lamp.light, with: {bulb: "${{ inputs.ticket }}"}}\n'
    )

    assert check_inputs(runbook(text), {"ticket": "OPS-1"}, CATALOGUE) == {"ticket": "OPS-1"}
    with pytest.raises(Refused, match="does not match"):
        check_inputs(runbook(text), {"ticket": value}, CATALOGUE)


def test_what_a_step_refers_to_cannot_be_missing() -> None:
    with pytest.raises(Invalid) as caught:
        runbook(HEAD + ASKS.replace("postgres", "check"))

    told = "try.yaml:5:35: a step refers to `secret.check`, which no entry has"
    assert any(told in str(found) for found in caught.value.findings)


def test_every_part_is_one_of_an_entry() -> None:
    assert set(get_args(Part)) <= set(Secret.model_fields)
