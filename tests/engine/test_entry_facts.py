"""A fact that no secret can have is told where the secret is chosen in the form, too."""

from __future__ import annotations

import pytest

from engine.entry_facts import unknown_part
from tests.engine.bad_runbooks import HEAD
from tests.engine.test_checks import findings_of

CHOSEN = (
    HEAD
    + """\
secret: "${{ inputs.s }}"
inputs: {s: {type: secret, description: S.}}
steps:
  - {id: make, uses: lamp.mint}
  - {id: store, uses: lamp.store, with: {value: "${{ steps.make.value }}", at: "${{ secret.FACT }}"}}
  - {id: mirror, uses: lamp.mirror, with: {value: "${{ steps.make.value }}"}}
  - {id: light, uses: lamp.light}
"""
)


@pytest.mark.parametrize(
    ("fact", "hint"),
    [
        ("sops.fil", "Did you mean `file`?"),
        ("sopz", "Did you mean `sops`?"),
        ("title.length", "Known: none."),
        ("kubernetes.workload.name", "Known: none."),
        ("consumers.web.checq.url", "Did you mean `check`?"),
        ("identifier.sops.pat", "Did you mean `path`?"),
        ("name.first", "Known: none."),
    ],
)
def test_a_fact_that_no_entry_has_is_told(fact: str, hint: str) -> None:
    found = findings_of(CHOSEN.replace("FACT", fact))

    assert f": `secret.{fact}` names nothing\n    hint: {hint}" in found[-1]


@pytest.mark.parametrize(
    "fact",
    [
        *("name", "entry", "title", "sops", "sops.file", "kubernetes.workload", "max_age"),
        *("consumers.web.check.url", "identifier.sops.path", "identifier.name", "postgres.logins"),
    ],
)
def test_a_fact_that_an_entry_may_have_is_none_to_tell(fact: str) -> None:
    assert unknown_part(tuple(fact.split("."))) is None


def test_a_runbook_that_fits_no_secret_is_told() -> None:
    [found] = findings_of(CHOSEN.replace("FACT", "kubernetes.key"))

    assert found == (
        "try.yaml:3:9: no secret of the catalogue has every fact that this runbook refers to\n"
        "    hint: It refers to secret.kubernetes.key."
    )


def test_of_a_named_secret_the_part_that_is_wrong_is_told() -> None:
    text = CHOSEN.replace('"${{ inputs.s }}"', "the-key").replace("FACT", "sops.pth")

    [found] = findings_of(text)

    assert "`secret.sops.pth` names nothing\n    hint: Did you mean `path`?" in found
