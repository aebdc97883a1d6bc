"""A key in the wrong place is told where it belongs."""

from __future__ import annotations

import pytest

from engine.catalogue import Catalogue
from engine.findings import Invalid
from engine.loading import load
from tests.engine.bad_runbooks import HEAD, ONE_STEP
from tests.engine.test_checks import findings_of


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        (ONE_STEP + "    groups: [staff]\n", "groups", "It belongs in `gate`."),
        (ONE_STEP + "    groupz: [staff]\n", "groupz", "Did you mean `groups` in `gate`?"),
        (ONE_STEP + "expires: 4h\n", "expires", "It belongs in `gate`."),
        (ONE_STEP + "may_skip: true\n", "may_skip", "It belongs in `steps`."),
        (ONE_STEP + "gate: {after: 4h}\n", "after", "It belongs in `escalate`."),
        (
            ONE_STEP + "gate: {schedule: allowed}\n",
            "schedule",
            "It means something at the top of the file alone.",
        ),
        (
            ONE_STEP + "inputs: {type: {type: string, description: D., max_len: 3}}\n",
            "max_len",
            "Did you mean `max_length`?",
        ),
        (
            HEAD + "steps: [{id: a, uses: lamp.light, with: {bulp: x}}]\n",
            "bulp",
            "Did you mean `bulb`?",
        ),
    ],
)
def test_a_key_at_the_wrong_level_is_told_where_it_belongs(text: str, key: str, hint: str) -> None:
    [found] = findings_of(text)

    assert found.endswith(f": unknown key `{key}`\n    hint: {hint}")


def test_a_key_of_two_places_is_told_both() -> None:
    text = "secrets: {a: {title: A, sops: {file: a, path: b}, vaultwarden: {collection: a, item: b}, namespace: c}}"

    with pytest.raises(Invalid) as told:
        load(text, "secrets.yaml", Catalogue)

    [found] = told.value.findings
    assert found.hint == "It belongs in `flux` or `kubernetes`."
