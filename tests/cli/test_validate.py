from __future__ import annotations

import json
from pathlib import Path

from cli.exits import Exit
from tests.cli.conftest import ROOT, Runbook

BROKEN = """\
runbook: broken
title: Many things are wrong here
inputs:
  reason: {type: text, description: Why.}
steps:
  - id: one
    uses: manual.confirm
    with: {instructions: Look, evidence: What, colour: red}
"""
LOOSE = """\
runbook: loose
title: Refers to what is not there
gate: {groups: [nobody]}
steps:
  - id: one
    uses: manual.confrm
  - id: two
    uses: manual.confirm
    with: {instructions: "${{ steps.three.evidence }}", evidence: What}
    gate: none
"""
FINE = """\
runbook: fine
title: Ask somebody
gate: {groups: [staff]}
steps:
  - id: one
    uses: manual.confirm
    with: {instructions: "Look at ${{ platform.app }}", evidence: What you saw}
"""
PEOPLE = "groups: {staff: {members: [olga]}}\n"


def test_the_shipped_runbooks_are_valid_without_settings(runbook: Runbook) -> None:
    ended = runbook("validate", ROOT / "runbooks")

    assert ended.code == 0, ended.out
    assert ended.out == "38 files checked: no findings\n"


def test_the_shipped_runbooks_are_valid_on_a_platform(runbook: Runbook, settings: Path) -> None:
    ended = runbook("--settings", settings, "validate")

    assert ended.code == 0, ended.out


def test_every_finding_of_every_file_is_said_with_its_place(
    runbook: Runbook, tmp_path: Path
) -> None:
    (tmp_path / "broken.yaml").write_text(BROKEN)
    (tmp_path / "loose.yaml").write_text(LOOSE)
    (tmp_path / "empty.yaml").write_text("")
    ended = runbook("validate", ".")

    assert ended.code == Exit.INVALID
    assert "broken.yaml:4:18: " in ended.out
    assert "empty.yaml:1:1: the file is empty" in ended.out
    assert "loose.yaml:3:17: unknown group `nobody`" in ended.out
    assert "loose.yaml:6:11: unknown step `manual.confrm`" in ended.out
    assert "hint: Did you mean `manual.confirm`?" in ended.out
    assert "loose.yaml:9:26: `steps.three.evidence` names nothing" in ended.out
    assert "loose.yaml:10:11: `two` may not go without a gate" in ended.out
    assert "3 files checked: 6 findings" in ended.out


def test_parameters_are_held_against_what_the_step_declares(
    runbook: Runbook, tmp_path: Path
) -> None:
    (tmp_path / "broken.yaml").write_text(BROKEN.replace("type: text", "type: string"))
    ended = runbook("validate", "broken.yaml")

    assert ended.code == Exit.INVALID
    assert "broken.yaml:8:48: unknown key `colour`" in ended.out


def test_findings_are_json_for_a_script(runbook: Runbook, tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("[1]")
    ended = runbook("validate", "empty.yaml", "--json")

    assert ended.code == Exit.INVALID
    told = json.loads(ended.out)
    assert told["files"] == 1
    assert told["findings"][0]["file"] == "empty.yaml"
    assert told["findings"][0]["line"] == 1
    assert "not a mapping" in told["findings"][0]["message"]


def test_groups_beside_the_runbook_count_where_nothing_is_set(
    runbook: Runbook, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "fine.yaml").write_text(FINE)
    without = runbook("validate", "mine")
    (folder / "people.yaml").write_text(PEOPLE)
    beside = runbook("validate", "mine")

    assert without.code == Exit.INVALID
    assert "unknown group `staff`" in without.out
    assert beside.code == 0, beside.out


def test_a_broken_catalogue_is_one_finding_and_not_one_of_every_runbook(
    runbook: Runbook, tmp_path: Path
) -> None:
    (tmp_path / "fine.yaml").write_text(FINE)
    (tmp_path / "people.yaml").write_text(PEOPLE)
    (tmp_path / "secrets.yaml").write_text("secrets:\n  a: {titles: A}\n")
    ended = runbook("validate", "fine.yaml")

    assert ended.code == Exit.INVALID
    assert "secrets.yaml:2:7: unknown key `titles`" in ended.out
    assert "fine.yaml:" not in ended.out


def test_a_runbook_in_a_file_of_another_name_is_found(runbook: Runbook, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(FINE)
    (tmp_path / "people.yaml").write_text(PEOPLE)
    ended = runbook("validate", "other.yaml")

    assert ended.code == Exit.INVALID
    assert "the file is other.yaml and holds fine" in ended.out


def test_what_nothing_reads_and_what_only_tests_read_is_checked_too(
    runbook: Runbook, tmp_path: Path
) -> None:
    (tmp_path / "fine.yaml").write_text(FINE)
    (tmp_path / "people.yaml").write_text(PEOPLE)
    (tmp_path / "more.yml").write_text(FINE)
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "fine.yaml").write_text("runbook: fine\ncases: nothing\n")
    ended = runbook("validate", ".")

    assert ended.code == Exit.INVALID
    assert "more.yml:1:1: nothing reads a file of this name" in ended.out
    assert "tests/fine.yaml:2:8: `cases`: must be a list" in ended.out
    assert "loop.yaml:1:1: the runbook cannot be read" in ended.out
    assert "5 files checked: 3 findings" in ended.out


TOPOLOGY = """\
secrets:
  redis-url:
    title: Redis
    sops: {file: infra/secrets/a.enc.yaml, path: redis.url}
    vaultwarden: {collection: plana-staff, item: Redis}
"""
IN_PLACE = """\
runbook: in-place
title: Store the address of a service
steps:
  - {id: make, uses: secret.generate}
  - id: sops
    uses: sops.set
    with: {value: "${{ steps.make.value }}", at: {file: a.enc.yaml, path: redis.service_url}}
  - id: vault
    uses: vaultwarden.set
    with: {value: "${{ steps.make.value }}", at: {collection: plana-staff, item: Redis}}
  - {id: publish, uses: git.publish}
"""


def test_what_is_no_secret_is_refused_in_catalogue_and_runbook(
    runbook: Runbook, tmp_path: Path
) -> None:
    (tmp_path / "in-place.yaml").write_text(IN_PLACE)
    (tmp_path / "secrets.yaml").write_text(TOPOLOGY)
    ended = runbook("validate", ".")

    assert ended.code == Exit.INVALID
    assert "secrets.yaml:2:3: `redis-url` is no secret: it is the address of a service" in ended.out
    assert "in-place.yaml:7:50: `sops` stores no secret: it is the address" in ended.out
    assert "say what in `secret_because`" in ended.out


def test_a_path_that_is_not_there_is_a_usage_error(runbook: Runbook) -> None:
    ended = runbook("validate", "nowhere.yaml")

    assert ended.code == Exit.USAGE
    assert "nowhere.yaml" in ended.err


def test_no_folder_of_runbooks_is_said_as_such(runbook: Runbook) -> None:
    ended = runbook("validate")

    assert ended.code == Exit.REFUSED
    assert "there is no folder of runbooks" in ended.err


def test_wrong_settings_are_said_with_their_place(runbook: Runbook, tmp_path: Path) -> None:
    (tmp_path / "runbook.yaml").write_text("ledgr: {}\n")
    ended = runbook("validate")

    assert ended.code == Exit.INVALID
    assert "runbook.yaml:1:1: unknown key `ledgr`" in ended.err
