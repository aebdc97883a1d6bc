from __future__ import annotations

import pytest

from cli.errors import code_of, the_door
from cli.exits import Exit
from engine.errors import ChainBroken, LedgerDown, Locked, Refused, RunbookError, Transient
from engine.findings import Finding, Invalid, Place


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refused("no"), Exit.REFUSED),
        (Invalid([Finding(Place("a.yaml"), "wrong")]), Exit.INVALID),
        (Transient("not now"), Exit.UNREACHABLE),
        (LedgerDown("not now"), Exit.UNREACHABLE),
        (ChainBroken("cut"), Exit.LEDGER_BROKEN),
        (Locked("held"), Exit.LOCKED),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: RunbookError, code: Exit) -> None:
    assert code_of(error) is code


def test_an_error_is_a_sentence_and_a_hint_without_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended, the_door():
        raise Refused("the door is \x1b[31mshut", hint="Knock.")

    assert ended.value.code == Exit.REFUSED
    assert capsys.readouterr().err == "error: the door is \\x1b[31mshut\nhint: Knock.\n"


def test_a_fault_of_ours_is_one_line_without_its_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNBOOK_DEBUG", raising=False)
    with pytest.raises(SystemExit) as ended, the_door():
        raise LookupError("hunter2")

    err = capsys.readouterr().err
    assert ended.value.code == Exit.FAULT
    assert err.startswith("error: LookupError at test_errors.py:")
    assert err.endswith("; this is a fault of runbook\n")
    assert "hunter2" not in err


def test_a_fault_of_ours_has_its_traceback_when_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNBOOK_DEBUG", "1")
    with pytest.raises(SystemExit) as ended, the_door():
        raise LookupError("somewhere")

    assert ended.value.code == Exit.FAULT
    assert "Traceback" in capsys.readouterr().err
