"""What tests of the adapters towards the cluster and the provider share: settings and short calls."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr

from adapters.shared.cluster import KubernetesSettings
from engine.errors import RunbookError
from engine.step import Call, Done, NotYet, Step
from sandbox.world import World
from tests.adapters import infra

E = TypeVar("E", bound=RunbookError)

NAMESPACE, SECRET, KEY = "ai-bos-agent", "ai-agents-secrets", "ANTHROPIC_API_KEY"
WORKLOAD, NAME = "deployment/ai-agents", "ai-agents"
PATH = "ai_agents.anthropic_api_key"
MARKER = "sk-ant-api03-marker-Zq81vTe44LmX-AA"
"""A value that must not appear in any message or log."""


@contextmanager
def opened(folder: Path) -> Iterator[World]:
    """Run a world whose provider key is `MARKER`, and find its cluster without an inner failure."""
    with World.create(folder / "world", {PATH: MARKER}) as world:
        yield world
        assert world.cluster.agenda.failures == []


def cluster(world: World) -> KubernetesSettings:
    return KubernetesSettings(kubeconfig=world.layout.kubeconfig)


def called(key: str = "run-1/step", **changes: Any) -> Call:
    return infra.call(key=key, **changes)


def run(step: Step[Any, Any], call: Call | None = None, /, **given: Any) -> Done[Any]:
    return step.run(infra.params(step, **given), call or called())


def probe(step: Step[Any, Any], call: Call | None = None, /, **given: Any) -> Done[Any] | NotYet:
    found = infra.probe(step, infra.params(step, **given), call or called())
    assert isinstance(found, Done | NotYet)
    return found


def refusal(kind: type[E], act: Callable[[], object]) -> E:
    """Return the error that `act` raises; fail if it tells the marker anywhere."""
    with pytest.raises(kind) as caught:
        act()
    everything = "".join(traceback.format_exception(caught.value)) + caught.value.hint
    assert MARKER not in everything
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value


@contextmanager
def all_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Listen to every logger at its most talkative, and find no marker in what was said."""
    with caplog.at_level(logging.DEBUG):
        yield
    assert caplog.records
    said = [f"{record.getMessage()}{record.exc_text or ''}" for record in caplog.records]
    assert not [line for line in said if MARKER in line]


def secret(text: str = MARKER) -> SecretStr:
    return SecretStr(text)
