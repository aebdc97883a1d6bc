"""YAML text, in and out, with no anchors: the one place that knows the YAML library."""

from __future__ import annotations

import json
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where PyYAML has it: controllers read the same documents again and again."""


def dump_yaml(*documents: object) -> str:
    """Return the documents as YAML, keys in the order given."""
    plain = json.loads(json.dumps(documents))  # shared parts would come out as anchors
    return yaml.safe_dump_all(plain, sort_keys=False)


def load_yaml(text: bytes | str) -> Any:
    """Return the first document; raise `ValueError` when the text is no YAML."""
    try:
        return next(iter(yaml.load_all(text, Loader=_LOADER)), None)
    except yaml.YAMLError:
        message = "the text is not YAML"
        raise ValueError(message) from None
