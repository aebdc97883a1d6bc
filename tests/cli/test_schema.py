from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped] # ships no types
import pytest
import yaml

from tests.cli.conftest import ROOT, Runbook


@pytest.fixture
def schema(runbook: Runbook) -> Any:
    return json.loads(runbook("schema").out)


def wrong(schema: Any, document: Any) -> list[str]:
    return [
        error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(document)
    ]


def shipped() -> list[Path]:
    return sorted((ROOT / "runbooks").glob("rotate-*.yaml"))


def test_the_schema_is_a_schema(schema: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("file", shipped(), ids=lambda file: file.stem)
def test_the_shipped_runbooks_fit_the_schema(schema: Any, file: Path) -> None:
    assert wrong(schema, yaml.safe_load(file.read_text())) == []


@pytest.mark.parametrize(
    ("step", "fits"),
    [
        ({"uses": "secret.generate", "with": {"bytes": 32}}, True),
        ({"uses": "secret.generate", "with": {"bytes": "${{ secret.generate.bytes }}"}}, True),
        ({"uses": "secret.generate", "with": {"bytes": "many"}}, False),
        ({"uses": "secret.generate", "with": {"colour": "red"}}, False),
        ({"uses": "secret.generates"}, False),
        ({"uses": "manual.confirm"}, False),
        ({"uses": "sops.set", "with": {"at": "${{ secret.sops }}", "value": "in clear"}}, False),
        (
            {
                "uses": "sops.set",
                "with": {"at": "${{ secret.sops }}", "value": "${{ steps.a.value }}"},
            },
            True,
        ),
        ({"uses": "secret.generate", "gate": {"expires": "1h30m"}}, True),
        ({"uses": "secret.generate", "gate": {"expires": "PT1H"}}, False),
        ({"uses": "secret.generate", "gate": "none"}, True),
    ],
)
def test_a_step_fits_where_its_parameters_do(schema: Any, step: dict[str, Any], fits: bool) -> None:
    document = {"runbook": "a", "title": "A", "steps": [{"id": "one", **step}]}

    assert (wrong(schema, document) == []) is fits
