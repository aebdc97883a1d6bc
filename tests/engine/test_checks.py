"""Every way a runbook can be wrong is told before it runs, with its place and what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.catalogue import Catalogue, People
from engine.checks import read_runbook
from engine.findings import Invalid
from engine.surroundings import Surroundings
from tests.engine.bad_cutovers import BAD_CUTOVERS, MIRROR, STORE, SWAP
from tests.engine.bad_runbooks import BAD, HEAD, MAKE
from tests.engine.lamp import Lamps, steps

PEOPLE = People.model_validate({"groups": {"staff": {"members": ["olga"]}}})
CATALOGUE = Catalogue.model_validate(
    {
        "secrets": {
            "the-key": {
                "title": "The key",
                "sops": {"file": "s.enc.yaml", "path": "a.b"},
                "vaultwarden": {"collection": "staff", "item": "The key"},
            }
        }
    }
)
AROUND = Surroundings(steps(Lamps()), CATALOGUE, PEOPLE, {"url": "http://127.0.0.1"})


def findings_of(text: str, around: Surroundings = AROUND) -> list[str]:
    with pytest.raises(Invalid) as caught:
        read_runbook(text, "try.yaml", around)
    return [str(finding) for finding in caught.value.findings]


def test_a_good_runbook_has_no_findings() -> None:
    text = (
        HEAD
        + """\
secret: the-key
inputs: {why: {type: string, description: Why.}}
gate: {groups: [staff]}
steps:
  - {id: make, uses: lamp.mint}
  - {id: store, uses: lamp.store, with: {value: "${{ steps.make.value }}", at: "${{ secret.sops.path }}"}}
  - {id: mirror, uses: lamp.mirror, with: {value: "${{ steps.make.value }}", at: "in ${{ platform.url }} for ${{ inputs.why }}"}}
  - {id: light, uses: lamp.light}
  - {id: verify, uses: lamp.verify, gate: none}
  - {id: revoke, uses: lamp.revoke, gate: {approvals: 2}}
"""
    )

    runbook, _ = read_runbook(text, "try.yaml", AROUND)

    assert [step.id for step in runbook.steps] == [
        "make",
        "store",
        "mirror",
        "light",
        "verify",
        "revoke",
    ]
    assert runbook.gate_of(runbook.steps[4]) is None
    strict = runbook.gate_of(runbook.steps[5])
    assert strict is not None
    assert (strict.approvals, strict.groups) == (2, ("staff",))


def test_after_a_cutover_every_consumer_is_brought_over_and_verified() -> None:
    place = {"namespace": "n", "secret": "s", "key": "K", "workload": "deployment/w"}
    consumer = {"flux": {"kustomization": "n"}, "kubernetes": place, "check": {"url": "u"}}
    consumers = {"one": consumer, "other": consumer}
    entry = CATALOGUE.secrets["the-key"].model_dump() | {"consumers": consumers}
    around = replace(AROUND, catalogue=Catalogue.model_validate({"secrets": {"the-key": entry}}))
    at = "${{ secret.consumers.one.kubernetes.namespace }}"
    text = HEAD + "secret: the-key\n" + MAKE + STORE + MIRROR + SWAP
    text += f"  - {{id: out, uses: lamp.light, with: {{bulb: '{at}'}}}}\n"
    text += "  - {id: see, uses: lamp.verify, gate: none}\n"

    told = findings_of(text, around)

    assert [line.split(": ")[1].split(", and")[0] for line in told] == [
        "`one` reads the-key",
        "`other` reads the-key",
        "`other` reads the-key",
    ]
    assert "verifies it" in told[0]
    assert "carries it to it" in told[1]


@pytest.mark.parametrize("name", [*BAD, *BAD_CUTOVERS])
def test_bad_input_is_told_with_place_and_next_move(name: str) -> None:
    text, message, hint = {**BAD, **BAD_CUTOVERS}[name]

    told = "\n".join(findings_of(text))

    assert message in told
    assert hint in told


def test_all_findings_of_a_file_come_at_once_and_in_order() -> None:
    text = (
        HEAD
        + """\
steps:
  - {id: a, uses: lamp.nothing}
  - {id: a, uses: lamp.light, with: {bulb: "${{ inputs.no }}"}}
  - {id: r, uses: lamp.revoke, gate: none}
"""
    )

    told = findings_of(text)

    assert len(told) == 5
    assert [line.split(":")[1] for line in told] == ["4", "5", "5", "6", "6"]


def test_a_wrong_shape_does_not_hide_what_else_is_wrong() -> None:
    text = (
        "runbook: Try\ntitle: Try\ngate: {approvals: 0}\n"
        """\
inputs:
  count: {type: integer, default: x, description: How many.}
  note: {type: string}
steps:
  - {id: a, uses: lamp.nothing, timeout: 5}
  - {id: b, uses: lamp.light, with: {bulb: "${{ inputs.no }}"}, gate: {approvals: many}}
  - {id: c, uses: lamp.light, with: {bulb: "${{ inputs.note }}"}}
  - {id: r, uses: lamp.revoke, gate: none}
"""
    )

    told = findings_of(text)

    assert [line.split(":")[1] for line in told] == [
        "1",
        "3",
        "5",
        "6",
        "8",
        "8",
        "9",
        "9",
        "11",
        "11",
    ]
    assert any("unknown key `timeout`" in line for line in told)
    assert any("unknown step `lamp.nothing`" in line for line in told)
    assert any("inputs.no" in line for line in told)
    assert any("revokes the old value" in line for line in told)
    assert not any("inputs.note" in line for line in told)


def test_a_step_with_a_wrong_id_is_still_the_step_that_others_refer_to() -> None:
    told = findings_of(
        HEAD
        + """\
steps:
  - {id: Make, uses: lamp.mint}
  - {id: store, uses: lamp.store, with: {value: "${{ steps.Make.value }}"}}
  - {id: mirror, uses: lamp.mirror, with: {value: "${{ steps.Make.value }}"}}
  - {id: light, uses: lamp.light}
"""
    )

    assert len(told) == 1
    assert "steps.0.id" in told[0]
    assert "Small letters, digits and hyphens" in told[0]


def test_where_too_little_is_left_the_shape_alone_is_told() -> None:
    told = findings_of(HEAD + "steps:\n  - {id: a}\n  - {id: b, uses: lamp.nothing}\n")

    assert len(told) == 1
    assert "`uses` is missing" in told[0]


def test_a_clear_value_is_not_repeated_in_the_finding() -> None:
    text = HEAD + "steps:\n  - {id: s, uses: lamp.store, with: {value: hunter2-in-clear}}\n"

    assert "hunter2" not in "\n".join(findings_of(text))


def test_latin1_is_refused_with_its_place() -> None:
    with pytest.raises(Invalid, match="not UTF-8 at byte 7"):
        read_runbook("title: é".encode("latin-1"), "try.yaml", AROUND)
