"""`.sops.yaml` in a repository: what is no rule, what is no encrypted file, and what stays as it was."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from adapters.sops.configuration import named
from engine.errors import Refused, RunbookError
from engine.step import Done
from tests.adapters import circle as made
from tests.adapters import infra as world
from tests.adapters.circle import BANK, FORGOTTEN, OPERATOR_ONLY, PULSE, Circle

SECRETS = r"infra/secrets/.*\.enc\.yaml$"
NESTED = "other/.sops.yaml"


def remove(circle: Circle, **given: str) -> Any:
    step = circle.steps()["sops.remove_reader"]
    told = {"recipients": circle.recipient("leaver"), **given}
    asked = world.call(key=f"run-1/{uuid4()}", secret="", about="nina")
    return step.run(world.params(step, **told), asked).outputs


def add(circle: Circle, *rules: str) -> Any:
    step = circle.steps()["sops.add_reader"]
    given = world.params(step, recipient=circle.recipient("newcomer"), name="nina", rules=rules)
    return step.run(given, world.call(key=f"run-1/{uuid4()}", secret="", about="nina")).outputs


def nested(circle: Circle, new: str = "\r\n") -> bytes:
    text = f"creation_rules:\n  - path_regex: foo\n    age: {circle.recipient('engine')}\n"
    return text.replace("\n", new).encode()


def test_line_ends_stay_as_they_are(circle: Circle) -> None:
    circle.commit({".sops.yaml": circle.rules().replace("\n", "\r\n").encode()})

    add(circle)
    joined = circle.read(".sops.yaml")
    remove(circle)
    left = circle.read(".sops.yaml")

    assert joined.count(b"\n") == joined.count(b"\r\n") == circle.rules().count("\n") + 1
    assert left.count(b"\n") == left.count(b"\r\n") > 0
    assert circle.can_open("newcomer", circle.read(PULSE))


def test_a_configuration_that_a_change_does_not_concern_stays_byte_for_byte(
    circle: Circle,
) -> None:
    circle.commit({NESTED: nested(circle)})

    removed, added = remove(circle), add(circle, SECRETS)

    assert NESTED not in (*removed.files, *added.files)
    assert circle.read(NESTED) == nested(circle)
    with pytest.raises(RunbookError, match="no rule is for nowhere"):
        add(circle, "nowhere")


def test_a_configuration_that_is_not_utf_8_is_refused_with_its_line(circle: Circle) -> None:
    text = circle.rules().replace("a laptop", "läptop")
    circle.commit({".sops.yaml": text.encode("latin-1")})

    for change in (add, remove):
        with pytest.raises(Refused, match=r"^\.sops\.yaml is not UTF-8 at line 5"):
            change(circle)


@pytest.mark.parametrize(
    "layout", ["stores:\n  yaml: {indent: 2}\n", "# creation_rules are above\nstores: {}\n"]
)
def test_a_file_below_a_configuration_without_rules_has_no_rule(
    circle: Circle, layout: str
) -> None:
    circle.commit({"infra/secrets/.sops.yaml": layout.encode()})

    added, removed = add(circle), remove(circle)

    assert set(added.files) == {".sops.yaml", OPERATOR_ONLY}
    assert {PULSE, BANK} < set(removed.files)
    assert not circle.can_open("leaver", circle.read(PULSE))


def test_where_there_are_no_rules_at_all_the_leaver_is_out_all_the_same(circle: Circle) -> None:
    circle.commit({".sops.yaml": None})

    outputs = remove(circle)

    assert set(outputs.files) == {PULSE, BANK, FORGOTTEN}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("docs/sops.md", "It looks like `password: ENC[AES256_GCM,data:...,type:str]`.\n"),
        ("hooks/check.sh", "grep -qF 'ENC[AES256_GCM,' \"$1\" || exit 1\n"),
        ("ci/check.yaml", "steps:\n  - run: grep -qF 'ENC[AES256_GCM,' x\n"),
    ],
)
def test_a_page_or_script_that_quotes_a_ciphertext_is_no_encrypted_file(
    circle: Circle, file: str, text: str
) -> None:
    circle.commit({file: text.encode()})

    assert add(circle).files
    assert remove(circle).files


def test_of_two_rules_with_one_regex_the_first_lets_the_newcomer_in(circle: Circle) -> None:
    one, two, three = (circle.recipient(owner) for owner in ("engine", "operator", "leaver"))
    rule = "  - path_regex: infra/.*\n    age: "
    text = f"creation_rules:\n{rule}{one},{two},{three}\n{rule}{one},{three}\n"
    readers = ("engine", "operator", "leaver")
    files = {f: circle.lock(made.VALUES[f], f, readers) for f in (PULSE, BANK, OPERATOR_ONLY)}
    circle.commit({".sops.yaml": text.encode(), **files})

    add(circle)
    remove(circle)

    assert circle.can_open("newcomer", circle.read(PULSE))
    assert not circle.can_open("leaver", circle.read(PULSE))
    assert three not in circle.read(".sops.yaml").decode()


def test_a_newcomer_to_a_list_in_brackets_takes_nobodys_name(circle: Circle) -> None:
    one, two, three = (circle.recipient(owner) for owner in ("engine", "operator", "leaver"))
    ages = f"    age: [\n      {one}, # engine\n      {two},\n      {three} # bob\n    ]\n"
    rules = f"creation_rules:\n  - path_regex: .*\\.enc\\.yaml$\n{ages}"
    readers = ("engine", "operator", "leaver")
    files = {f: circle.lock(made.VALUES[f], f, readers) for f in (PULSE, BANK, OPERATOR_ONLY)}
    circle.commit({".sops.yaml": rules.encode(), FORGOTTEN: None, **files})

    add(circle)

    text = circle.read(".sops.yaml").decode()
    assert named(text, "x", "bob") == (three,)
    assert named(text, "x", "nina") == (circle.recipient("newcomer"),)
    newer = circle.recipient("newcomer")
    with pytest.raises(Refused, match=f"{three} is bob's as well"):
        remove(circle, recipients=newer, name="bob")
    remove(circle, name="bob")
    assert not circle.can_open("leaver", circle.read(PULSE))
    assert circle.can_open("newcomer", circle.read(PULSE))
    step = circle.steps()["sops.check_reader"]
    given = world.params(step, recipients=newer, expect="present")
    assert isinstance(world.probe(step, given, world.call()), Done)


def test_a_name_can_be_written_into_brackets_of_one_line_as_sops_reads_them(
    circle: Circle,
) -> None:
    one, two = (circle.recipient(owner) for owner in ("engine", "operator"))
    rules = f"creation_rules: [{{path_regex: .*, age: [{one}, {two}]}}]  # all\n"
    files = {f: circle.lock(made.VALUES[f], f, ("engine", "operator")) for f in (PULSE, BANK)}
    circle.commit({".sops.yaml": rules.encode(), FORGOTTEN: None, OPERATOR_ONLY: None, **files})

    add(circle)

    text = circle.read(".sops.yaml").decode()
    assert named(text, "x", "nina") == (circle.recipient("newcomer"),)
    assert text.endswith("]  # all\n")
    assert circle.can_open("newcomer", circle.read(BANK), BANK)
