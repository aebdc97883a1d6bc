"""Each way to say where a value stands, and the ways that are refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from adapters.sops import SopsLocation
from tests.adapters.infra import FILE


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("ai_agents.anthropic_api_key", ("ai_agents", "anthropic_api_key")),
        ('["ai_agents"]["0"][0]', ("ai_agents", "0", 0)),
        ("['a']['b.c']", ("a", "b.c")),
        (["a", 0, "b"], ("a", 0, "b")),
        ("pool.0", ("pool", 0)),
    ],
)
def test_each_way_to_write_a_path_is_understood(path: object, read: tuple[object, ...]) -> None:
    assert SopsLocation.model_validate({"file": FILE, "path": path}).path == read


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a..b",
        '["a',
        '["a"]x',
        ["a[0]"],
        ['a"b'],
        [],
        "sops.mac",
        ["a", True],
        ["a\nb"],
        'a"]["b',
    ],
)
def test_a_path_that_sops_would_read_otherwise_is_refused(path: object) -> None:
    with pytest.raises(ValidationError):
        SopsLocation.model_validate({"file": FILE, "path": path})


@pytest.mark.parametrize(
    "file",
    ["/etc/x.yaml", "../x.yaml", "a/../../x.yaml", ".git/x.yaml", "a#b.yaml", "x.txt", "a//b.yaml"],
)
def test_a_file_outside_the_repository_is_refused(file: str) -> None:
    with pytest.raises(ValidationError):
        SopsLocation.model_validate({"file": file, "path": "a"})
