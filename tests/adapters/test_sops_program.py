"""Which program is accepted as sops, and what of its words is passed on."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from adapters.shared import command
from adapters.sops import SopsSettings, check
from engine.errors import Refused
from tests.adapters import infra as world
from tests.adapters.infra import AT, FILE, NEW


def _script(path: Path, body: str) -> SopsSettings:
    return SopsSettings(binary=world.program(path / "sops", f"#!/bin/sh\n{body}\n"))


@pytest.mark.parametrize(
    "body",
    [
        "echo 'usage: sops [-h] file'; exit 2",
        "echo 'sops 1.18'",
        "echo 'Traceback (most recent call last):' >&2; exit 1",
        "true",
    ],
)
def test_another_program_of_the_same_name_is_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises(Refused, match="is not the sops program") as told:
        check(_script(tmp_path, body))
    assert "sops.binary" in told.value.hint


@pytest.mark.parametrize("version", ["3.9.4 (latest)", "3.10.2", "1.18.0"])
def test_a_sops_that_needs_the_value_as_an_argument_is_refused(
    tmp_path: Path, version: str
) -> None:
    with pytest.raises(Refused, match=r"older than 3\.11\.0"):
        check(_script(tmp_path, f"echo 'sops {version}'"))


@pytest.mark.parametrize("version", ["3.11.0", "3.13.2 (latest)", "4.0.0"])
def test_a_recent_sops_is_accepted(tmp_path: Path, version: str) -> None:
    (tmp_path / "keys.txt").write_text("AGE-PLUGIN-TEST-1")
    settings = _script(tmp_path, f"echo 'sops {version}'")
    told = check(settings.model_copy(update={"age_key_file": tmp_path / "keys.txt"}))

    assert told.startswith(f"sops {version[:6]}")


def test_a_sops_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no sops program at"):
        check(SopsSettings(binary=tmp_path / "sops"))


def test_a_file_that_is_no_program_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be started"):
        check(SopsSettings(binary=world.program(tmp_path / "sops", "\x7fnot a program")))


@pytest.mark.parametrize(("text", "said"), [(None, "cannot be read"), ("nothing here", "no age")])
def test_a_key_file_without_an_identity_is_refused(
    tmp_path: Path, text: str | None, said: str
) -> None:
    file = tmp_path / "keys.txt"
    if text is not None:
        file.write_text(text)

    with pytest.raises(Refused, match=said) as told:
        check(SopsSettings(age_key_file=file))
    assert "sops.age_key_file" in told.value.hint


def test_a_sops_that_repeats_its_input_does_not_leak_it(tmp_path: Path) -> None:
    infra = world.build(tmp_path)
    body = f"""
    case "$1" in
      set) cat >&2; exit 9;;
      *) exec {command.find("sops").path} "$@";;
    esac"""
    step = infra.steps(
        SopsSettings(
            binary=world.program(tmp_path / "bin" / "sops", f"#!/bin/sh\n{body}\n"),
            age_key_file=infra.keys["engine"],
        )
    )["sops.set"]

    with pytest.raises(Refused, match="sops set ended with 9") as told:
        step.run(world.params(step, value=NEW, at=AT), world.call())
    assert "9876543210" not in f"{told.value}{told.value!r}{told.value.__context__!r}"


def test_no_value_is_ever_an_argument_or_in_the_environment(tmp_path: Path) -> None:
    infra = world.build(tmp_path)
    seen = tmp_path / "seen.txt"
    body = f'echo "$@" >> {seen}; env >> {seen}; exec {command.find("sops").path} "$@"'
    settings = SopsSettings(
        binary=world.program(tmp_path / "bin" / "sops", f"#!/bin/sh\n{body}\n"),
        age_key_file=infra.keys["engine"],
    )
    step = infra.steps(settings)["sops.set"]

    step.run(world.params(step, value=NEW, at=AT), world.call())

    told = seen.read_text()
    assert "set --value-stdin --idempotent .runbook-" in told
    assert Path(FILE).name in told
    assert "sk-ant-" not in told
    assert "AGE-SECRET-KEY" not in told


def test_a_sops_without_any_identity_is_not_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("SOPS_AGE_KEY_FILE", raising=False)
    settings = _script(tmp_path, "echo sops 3.11.0")

    with pytest.raises(Refused, match="has no age identity") as told:
        check(settings)
    assert "sops.age_key_file" in told.value.hint
    own = tmp_path / ".config" / "sops" / "age" / "keys.txt"
    own.parent.mkdir(parents=True)
    own.write_text("# mine")
    assert str(own) in check(settings)


@pytest.mark.parametrize("given", ["hello", "AGE-SECRET-KEY-1", "age1short"])
def test_a_reader_to_be_kept_is_a_recipient(given: str) -> None:
    with pytest.raises(ValidationError, match="keep_readers"):
        SopsSettings(keep_readers=(given,))
