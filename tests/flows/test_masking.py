"""What leaves a flow for Prefect: words of ours, Prefect's own signals, and nobody else's text."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from prefect.exceptions import Abort, Pause

from engine.errors import Refused
from flows import watch
from flows.core_files import NO_CORE
from flows.masking import RunFailed, masked
from flows.run import run_runbook

CANARY = "canary-in-the-text"


class Broken(Mapping[str, Any]):
    """Parameters of a run that break as soon as they are read."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __getitem__(self, name: str) -> Any:
        raise self.error

    def __iter__(self) -> Iterator[str]:
        raise self.error

    def __len__(self) -> int:
        return 1


def broken_run(error: BaseException) -> Callable[[], None]:
    return lambda: run_runbook("try", Broken(error))


def raising(error: BaseException) -> Callable[[], None]:
    def body() -> None:
        raise error

    return body


@pytest.mark.parametrize("error", [ValueError(CANARY), KeyError(CANARY), OSError(7, CANARY)])
def test_no_text_of_a_strangers_error_reaches_prefect(error: Exception) -> None:
    with pytest.raises(RunFailed) as failed:
        broken_run(error)()

    assert CANARY not in str(failed.value)
    assert f"the run broke with {type(error).__name__}" in str(failed.value)
    assert failed.value.__context__ is None
    assert failed.value.__cause__ is None


@pytest.mark.parametrize("signal", [Pause(), Abort("superseded"), KeyboardInterrupt()])
def test_the_signals_of_prefect_pass(signal: BaseException) -> None:
    with pytest.raises(type(signal)) as passed:
        broken_run(signal)()

    assert passed.value is signal


def test_what_is_ours_is_told_as_it_is() -> None:
    with pytest.raises(RunFailed, match="hint: Choose another"):
        broken_run(Refused("there is one", hint="Choose another."))()
    with pytest.raises(Refused, match="there is one"):
        masked("the step", raising(Refused("there is one")))
    with pytest.raises(RunFailed, match="masked before"):
        masked("the step", raising(RunFailed("masked before")))


def test_the_clock_of_the_gates_has_the_same_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "open_platform", raising(ValueError(CANARY)))
    before = resource.getrlimit(resource.RLIMIT_CORE)
    try:
        with pytest.raises(RunFailed, match="the watch broke with ValueError") as failed:
            watch.watch_gates.fn()
        assert resource.getrlimit(resource.RLIMIT_CORE)[0] <= NO_CORE
    finally:
        resource.setrlimit(
            resource.RLIMIT_CORE, (before[0], resource.getrlimit(resource.RLIMIT_CORE)[1])
        )
    assert CANARY not in str(failed.value)
    assert failed.value.__context__ is None
