"""YAML text, in and out, with no anchors: the one place that knows the YAML library."""

from __future__ import annotations

import json
import pickle
from typing import Any, TypeVar

import yaml

_Tree = TypeVar("_Tree")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""libyaml's where PyYAML has it: controllers read the same documents again and again."""


def dump_yaml(*documents: object) -> str:
    """Return the documents as YAML, keys in the order given."""
    plain = json.loads(json.dumps(documents))  # shared parts would come out as anchors
    return str(yaml.dump_all(plain, Dumper=_DUMPER, sort_keys=False))


def copied(tree: _Tree) -> _Tree:
    """Return a deep copy of a document; several times as fast as `copy.deepcopy`."""
    same: _Tree = pickle.loads(pickle.dumps(tree, pickle.HIGHEST_PROTOCOL))  # noqa: S301 - just written
    return same


def load_yaml(text: bytes | str) -> Any:
    """Return the first document; raise `ValueError` when the text is no YAML."""
    try:
        return next(iter(yaml.load_all(text, Loader=_LOADER)), None)
    except yaml.YAMLError:
        message = "the text is not YAML"
        raise ValueError(message) from None
