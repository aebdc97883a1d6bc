"""A form that describes a new secret becomes an entry of the catalogue, or says what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from engine.catalogue import Catalogue
from engine.checks import check
from engine.entry import described
from engine.errors import Refused
from engine.findings import Invalid
from engine.inputs import check_inputs
from engine.loading import load
from engine.merging import Part, merged
from engine.plan import make_plan
from engine.references import substitute
from engine.runbook import Runbook
from engine.source import parse
from engine.step import Done, Effect, Frozen, Nothing, Repeatable, Step, Untouched
from engine.surroundings import Surroundings

TEXT = """\
runbook: add-it
title: Add it
secret: "${{ inputs.secret }}"
inputs:
  secret: {type: secret_name, description: Its name.}
  title: {type: string, default: "", description: Its title.}
  category: {type: string, default: "", description: Its category.}
  key: {type: string, default: "", description: Its key.}
  item: {type: string, default: "", description: Its item.}
  namespace: {type: string, default: "", description: Its namespace.}
  workload: {type: string, default: "", description: Who reads it.}
  max_age: {type: string, default: "", description: Its age.}
entry:
  title: "${{ inputs.title }}"
  owner: plana-staff
  sops: {file: a.yaml, path: "${{ inputs.category }}.${{ inputs.key }}"}
  vaultwarden: {collection: c, item: "${{ inputs.item }}"}
  kubernetes:
    namespace: "${{ inputs.namespace }}"
    workload: "${{ inputs.workload }}"
    secret: "${{ inputs.namespace }}"
    key: K
  max_age: "${{ inputs.max_age }}"
gate: {groups: []}
steps:
  - {id: add, uses: lamp.look, with: {at: "${{ secret.sops }}", entry: "${{ secret.entry }}"}}
"""
FORM = {"secret": "new-one", "title": "New", "category": "cat", "key": "key", "item": "Item"}
KNOWN = """\
secrets:
  old-one:
    title: Old
    sops: {file: a.yaml, path: cat.old}
    vaultwarden: {collection: c, item: Old}
"""


class Look(Frozen):
    """Parameters of a step that looks."""

    at: dict[str, Any]
    entry: dict[str, Any] | None


STEP = Step(
    name="lamp.look",
    summary="Look.",
    params=Look,
    outputs=Nothing,
    effect=Effect.OBSERVE,
    probe=Repeatable("it looks"),
    run=lambda *_: Done(Nothing(), "looked"),
    undo=Untouched("it looks"),
)
AROUND = Surroundings({"lamp.look": STEP}, load(KNOWN, "k.yaml", Catalogue)[0])


def findings(text: str) -> list[str]:
    return [str(each) for each in check(*load(text, "r.yaml", Runbook), AROUND)]


def planned(**form: Any) -> Any:
    runbook = load(TEXT, "r.yaml", Runbook)[0]
    values = check_inputs(runbook, form, AROUND.catalogue)
    return make_plan(runbook, values, AROUND.registry, AROUND.catalogue, {})


def entry_of(**form: Any) -> Any:
    runbook = load(TEXT, "r.yaml", Runbook)[0]
    return described(runbook, check_inputs(runbook, form, AROUND.catalogue))


def test_a_sound_runbook_has_no_finding() -> None:
    assert findings(TEXT) == []


def test_the_form_becomes_the_entry_and_its_facts() -> None:
    plan = planned(**FORM, max_age="90d")

    sops = {"file": "a.yaml", "path": "cat.key"}
    vaultwarden = {"collection": "c", "item": "Item"}
    assert (plan.secret, plan.steps[0].with_["at"]) == ("new-one", sops)
    wanted = {"title": "New", "owner": "plana-staff", "sops": sops, "vaultwarden": vaultwarden}
    # a constant part of what was left empty is no reason to have the rest of it
    assert "kubernetes" in entry_of(**FORM, namespace="ns", workload="deployment/a")
    assert {k: v for k, v in plan.steps[0].with_["entry"].items() if k in wanted} == wanted
    assert plan.steps[0].with_["entry"]["max_age"] == "90d"


def test_a_name_alone_is_about_a_secret_that_the_catalogue_has() -> None:
    plan = planned(secret="old-one")

    assert plan.steps[0].with_ == {"at": {"file": "a.yaml", "path": "cat.old"}, "entry": None}
    with pytest.raises(Refused, match="has no new-one, and the form does not describe it"):
        planned(secret="new-one")


def test_a_description_stays_the_plan_when_its_entry_is_written() -> None:
    before = planned(**FORM)
    runbook = load(TEXT, "r.yaml", Runbook)[0]
    grown = load(KNOWN.replace("old-one", "new-one"), "k.yaml", Catalogue)[0]

    values = check_inputs(runbook, FORM, grown)
    after = make_plan(runbook, values, AROUND.registry, grown, {})

    assert after.digest == before.digest


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"title": ""}, "`title` is missing"),
        ({"key": ""}, "`key` is missing"),
        ({"category": "", "key": ""}, "`category` is missing"),
        ({"namespace": "ns"}, "`workload` is missing"),
        ({"max_age": "soon"}, "`max_age`: not a length of time"),
        ({"title": "New\n```\n**Approved**"}, "`title` has a line break"),
    ],
)
def test_what_is_missing_or_does_not_fit_is_told_by_its_field(
    change: dict[str, str], told: str
) -> None:
    with pytest.raises(Refused, match=told):
        planned(**{**FORM, **change})


@pytest.mark.parametrize("name", ["", "New-One", "new_one", "a" * 61, "1a", "a\n", 7])
def test_a_name_that_is_none_is_refused(name: Any) -> None:
    with pytest.raises(Refused, match="`secret` is no name of a secret"):
        planned(**{**FORM, "secret": name})


def test_a_form_holds_no_references() -> None:
    with pytest.raises(Refused, match="`title` holds a reference, and a form has none"):
        planned(**{**FORM, "title": "${{ steps.value.value }}"})


def test_what_is_wrong_with_an_entry_is_found_before_it_runs() -> None:
    plain = TEXT.replace("type: secret_name", "type: secret")
    assert any("no input names one" in each for each in findings(plain))
    strange = TEXT.replace("  owner: plana-staff", "  colour: red")
    assert any("13:1: `colour`" in e or "`colour` is no part" in e for e in findings(strange))
    lost = TEXT.replace("${{ inputs.title }}", "${{ inputs.nobody }}")
    assert any("`inputs.nobody` names no input" in each for each in findings(lost))
    head, _, rest = TEXT.partition("entry:\n")
    without = head + rest[rest.index("gate:") :]
    assert any("nothing says what its entry will be" in each for each in findings(without))


def test_two_references_in_one_text_are_two() -> None:
    told = substitute("${{ a.b }}.${{ c.d }}", "-".join)

    assert told == "a-b.c-d"


def test_two_files_are_one_catalogue_where_nothing_stands_twice() -> None:
    own = Part(*load(KNOWN, "k.yaml", Catalogue))
    other = KNOWN.replace("old-one", "more").replace("cat.old", "cat.more").replace("Old}", "More}")

    assert list(merged([own, Part(*load(other, "m.yaml", Catalogue))]).secrets) == [
        "old-one",
        "more",
    ]


def test_what_stands_twice_in_two_files_is_told_with_both_places() -> None:
    own = Part(*load(KNOWN, "k.yaml", Catalogue))
    place = KNOWN.replace("old-one", "more").replace("item: Old", "item: More")
    certificate = "certificates:\n  one: {title: One, file: one.pem}\n"
    parts = [own, Part(*load(place + certificate, "m.yaml", Catalogue))]

    with pytest.raises(Invalid) as wrong:
        merged([*parts, Part(*load(KNOWN + certificate, "n.yaml", Catalogue))])
    told = [f"{each.place}: {each.message}" for each in wrong.value.findings]
    assert told == [
        "m.yaml:4:11: `more` is at the place of `old-one`, k.yaml:2:3",
        "n.yaml:2:3: `old-one` stands twice; first at k.yaml:2:3",
        "n.yaml:7:3: `one` stands twice; first at m.yaml:7:3",
    ]


def test_a_source_of_nothing_has_a_place() -> None:
    assert str(parse("{}", "e.yaml").place(("secrets",))) == "e.yaml:1:1"
