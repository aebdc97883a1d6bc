"""Two entries that are one credential: neither half is left behind, and only the name is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from engine.catalogue import Catalogue
from engine.checks import read_runbook
from engine.exposure import outcomes_since
from engine.findings import Invalid
from engine.inputs import eligible
from engine.journal import resources_of
from engine.ledger import Actor, Draft, Event, chain
from engine.pairs import parts_a_pair
from engine.plan import make_plan
from engine.secrets import Identifier, identifier_fields, secret_fields
from engine.step import Frozen, Step
from tests.engine.bad_runbooks import HEAD
from tests.engine.lamp import Lamps, steps
from tests.engine.test_checks import AROUND


def entry(name: str, **more: Any) -> dict[str, Any]:
    sops = {"file": "s.enc.yaml", "path": f"a.{name}"}
    return {
        "title": name,
        "sops": sops,
        "vaultwarden": {"collection": "staff", "item": name},
        **more,
    }


PAIR = {"the-secret": entry("secret", identifier="the-id"), "the-id": entry("id")}
CATALOGUE = Catalogue.model_validate({"secrets": {**PAIR, "alone": entry("alone")}})


class Made(Frozen):
    """A lamp that tells which credential it has made."""

    bulb: str = ""
    key_id: Identifier


def registry(**changes: Any) -> dict[str, Step[Any, Any]]:
    """Return the lamps, of which `lamp.light` puts out an identifier."""
    known = steps(Lamps())
    return {**known, "lamp.light": replace(known["lamp.light"], outputs=Made, **changes)}


AROUND_PAIR = replace(AROUND, catalogue=CATALOGUE, registry=registry())
MAKE = "steps:\n  - {id: name, uses: lamp.light}\n  - {id: make, uses: lamp.mint}\n"
PUT = """\
  - {{id: {id}, uses: lamp.{uses}, with: {{value: "${{{{ steps.{value} }}}}", at: "${{{{ {at}.sops.path }}}}"}}}}
"""
END = "  - {id: out, uses: lamp.light}\n"


def put(value: str, at: str) -> str:
    """Return the steps that write one value to both stores."""
    name = value.partition(".")[0]
    return "".join(
        PUT.format(id=f"{uses}-{name}", uses=uses, value=value, at=at)
        for uses in ("store", "mirror")
    )


SECRET_HALF = put("make.value", "secret")
NAME_HALF = put("name.key_id", "secret.identifier")


def told(text: str) -> str:
    try:
        read_runbook(text, "try.yaml", AROUND_PAIR)
    except Invalid as wrong:
        return "\n".join(map(str, wrong.findings))
    return ""


def test_both_halves_may_be_written_and_the_name_needs_no_seal() -> None:
    assert told(HEAD + "secret: the-secret\n" + MAKE + SECRET_HALF + NAME_HALF + END) == ""
    assert identifier_fields(Made) == {"key_id"}
    assert secret_fields(Made) == set()


@pytest.mark.parametrize("secret", ["the-secret", "the-id"])
def test_a_half_that_is_left_behind_is_told(secret: str) -> None:
    found = told(HEAD + f"secret: {secret}\n" + MAKE + SECRET_HALF + END)

    assert "`the-secret` and `the-id` are a pair, and no step writes both halves" in found
    assert "about `the-secret`" in found


def test_a_look_at_one_half_is_not_taken_for_writing_it() -> None:
    look = '  - {id: look, uses: lamp.verify, with: {at: "${{ secret.identifier.sops.path }}"}}\n'

    assert "no step writes both" in told(
        HEAD + "secret: the-secret\n" + MAKE + SECRET_HALF + look + END
    )


def test_a_plain_value_still_goes_nowhere_a_secret_goes() -> None:
    plain = replace(AROUND_PAIR, registry=steps(Lamps()))
    text = HEAD + "secret: the-secret\n" + MAKE + SECRET_HALF + NAME_HALF + END

    with pytest.raises(Invalid) as caught:
        read_runbook(text, "try.yaml", plain)

    assert any("key_id" in str(each) for each in caught.value.findings)


@pytest.mark.parametrize(
    ("at", "is_fine"),
    [
        ("${{ secret.identifier.sops.path }}", True),
        ("${{ secret.sops.path }}", False),
        ("a.secret", False),
        ("x${{ secret.identifier.sops.path }}", False),
    ],
)
def test_only_the_identifier_of_the_secret_may_be_shown(at: str, *, is_fine: bool) -> None:
    around = replace(AROUND_PAIR, registry=registry(reveals="bulb"))
    text = (
        HEAD
        + "secret: the-secret\n"
        + f'steps:\n  - {{id: a, uses: lamp.light, with: {{bulb: "{at}"}}}}\n'
    )

    try:
        read_runbook(text, "try.yaml", around)
        found = ""
    except Invalid as wrong:
        found = str(wrong.findings[0])

    assert ("only an identifier may be shown" in found) is not is_fine


def test_a_runbook_for_any_secret_is_not_offered_for_a_half() -> None:
    text = HEAD + "inputs: {secret: {type: secret, description: Which.}}\n"
    text += 'secret: "${{ inputs.secret }}"\n' + MAKE
    one, _ = read_runbook(text + SECRET_HALF + END, "try.yaml", AROUND_PAIR)
    both, _ = read_runbook(text + SECRET_HALF + NAME_HALF + END, "try.yaml", AROUND_PAIR)

    assert eligible(one, CATALOGUE) == ("alone",)
    assert eligible(both, CATALOGUE) == ("the-secret",)


def test_what_brings_a_value_into_an_empty_place_parts_nothing() -> None:
    text = HEAD + "secret: the-id\n" + MAKE + SECRET_HALF + END
    runbook, _ = read_runbook(text.replace("the-id", "alone"), "try.yaml", AROUND_PAIR)
    new = [each.model_copy(update={"with_": {**each.with_, "new": True}}) for each in runbook.steps]
    brings = runbook.model_copy(update={"steps": tuple(new)})

    assert parts_a_pair(runbook, "the-id", CATALOGUE)
    assert not parts_a_pair(brings, "the-id", CATALOGUE)


def test_a_run_holds_both_halves_and_the_trail_says_so() -> None:
    text = HEAD + "secret: the-secret\n" + MAKE + SECRET_HALF + NAME_HALF + END
    runbook, _ = read_runbook(text, "try.yaml", AROUND_PAIR)
    plan = make_plan(runbook, {}, AROUND_PAIR.registry, CATALOGUE, {})

    assert plan.identifier == "the-id"
    assert '"identifier":"the-id"' in plan.text()
    held = resources_of(plan.secret, identifier=plan.identifier)
    assert held == ("secret:the-secret", "secret:the-id")


def test_a_plan_without_a_pair_keeps_its_digest() -> None:
    text = HEAD + "secret: alone\n" + MAKE + SECRET_HALF + END
    runbook, _ = read_runbook(text, "try.yaml", AROUND_PAIR)

    assert "identifier" not in make_plan(runbook, {}, AROUND_PAIR.registry, CATALOGUE, {}).text()


def test_of_two_slots_a_run_writes_one_and_holds_both() -> None:
    turns = {"kind": "qwac", "loaded": "https://a.example", "accepted": "https://a.example/{item}"}
    slots = {
        name: entry(name, certificate={**turns, "beside": entry(other)["sops"]})
        for name, other in (("slot-a", "slot-b"), ("slot-b", "slot-a"))
    }
    catalogue = Catalogue.model_validate({"secrets": {**slots, "alone": entry("alone")}})
    text = HEAD + "secret: slot-a\n" + MAKE + SECRET_HALF + END
    runbook, _ = read_runbook(text, "try.yaml", replace(AROUND_PAIR, catalogue=catalogue))
    plan = make_plan(runbook, {}, AROUND_PAIR.registry, catalogue, {})

    assert (plan.secret, plan.beside) == ("slot-a", "slot-b")
    assert '"beside":"slot-b"' in plan.text()
    assert resources_of(plan.secret, beside=plan.beside) == ("secret:slot-a", "secret:slot-b")
    assert catalogue.beside_of("alone") == catalogue.beside_of("nowhere") == ""


def test_how_a_run_ended_counts_for_both_halves() -> None:
    started = {"secret": "the-secret", "identifier": "the-id"}
    drafts = [
        Draft("run-1", Event.RUN_STARTED, Actor("otto"), attempt=1, details={"secret": ""}),
        Draft("run-2", Event.RUN_STARTED, Actor("otto"), attempt=1, details=started),
        Draft("run-2", Event.RUN_ENDED, Actor("otto"), attempt=1, details={"outcome": "stopped"}),
    ]

    entries = [chain(each, "2026-11-26T12:00:00Z", n, "") for n, each in enumerate(drafts, 1)]

    found = outcomes_since(entries, "run-1")

    assert found == {"the-secret": "stopped", "the-id": "stopped"}


@pytest.mark.parametrize(
    ("secrets", "words"),
    [
        ({"a": entry("a", identifier="b")}, "no entry of its own"),
        ({"a": entry("a", identifier="a")}, "no entry of its own"),
        (
            {
                "a": entry("a", identifier="b"),
                "b": entry("b", identifier="c"),
                "c": entry("c"),
            },
            "or has one itself",
        ),
        (
            {"a": entry("a", identifier="c"), "b": entry("b", identifier="c"), "c": entry("c")},
            "have the same identifier",
        ),
    ],
)
def test_a_pair_is_of_two_entries_and_no_more(secrets: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Catalogue.model_validate({"secrets": secrets})


def test_of_a_pair_the_secret_leads_and_tells_of_its_other_half() -> None:
    assert CATALOGUE.lead_of("the-id") == CATALOGUE.lead_of("the-secret") == "the-secret"
    assert CATALOGUE.lead_of("alone") == "alone"
    assert CATALOGUE.facts("the-secret")["identifier"]["sops"]["path"] == "a.id"
