"""The renewal of a PSD2 certificate in a sandbox: to its end, back again, and past what is wrong."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.certificates import read_certificates, slot_to_write
from adapters.reminding import certificate_reminders
from engine.certificates import findings
from engine.errors import Refused
from engine.ledger import Event
from engine.progress import AskPerson
from engine.state import ItemState, Outcome, Status
from sandbox.banks import sha256_of
from sandbox.layout import SOPS_FILE
from tests.adapters.renewal import Renewal
from tests.ground import Ground, ground
from tests.leaks.marker import key_lines

BANKS = ("bunq", "abn-amro", "sparkasse")


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path, "tpp-qwac-b") as made:
        yield made


def app(floor: Ground, path: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(f"{floor.world.urls['app']}{path}") as reply:  # noqa: S310 - loopback
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def used(floor: Ground) -> dict[str, str]:
    """Return with which certificate each bank serves us now."""
    return {bank: app(floor, f"/banks/{bank}/qwac")[1].get("certificate", "") for bank in BANKS}


def in_force(floor: Ground) -> tuple[str, str]:
    """Return the certificate that is watched, and the slot that a reminder's link fills in."""
    [look] = [each for each in read_certificates(floor.platform) if each.name == "tpp-qwac"]
    assert look.seen is not None, look.unknown
    assert [*findings(look.entry, look.seen, datetime.now(UTC))] == []
    return look.seen.sha256, look.into


def at_gate(renewal: Renewal, step: str) -> AskPerson:
    assert renewal.sail(until=step) is None
    move = renewal.next()
    assert isinstance(move, AskPerson)
    assert move.step.id == step
    return move


def test_a_renewal_that_dies_twice_in_every_step_ends_with_every_bank_on_the_new_one(
    floor: Ground, tmp_path: Path
) -> None:
    world = floor.world
    old, before = world.values["pulse_banking.qwac_a"], used(floor)
    renewal = Renewal(floor, {"sparkasse": "waived"}, frozenset({"abn-amro"}))
    renewal.deaths = set()
    renewal.begin()
    assert in_force(floor) == (sha256_of(old), "tpp-qwac-b")
    _refuse_wrong_ones(renewal)
    _settle_banks(renewal)

    assert set(before.values()) == {sha256_of(old)}
    assert used(floor)["abn-amro"] == sha256_of(old)
    renewal.register("abn-amro")
    assert renewal.sail() is Outcome.COMPLETED
    new = world.sops_value("pulse_banking.qwac_b")
    assert sha256_of(new) == renewal.state.step("issued").outputs["sha256"]
    assert set(used(floor).values()) == {sha256_of(new)}
    assert app(floor, "/certificates/qwac")[1]["loaded"] == sorted(map(sha256_of, (old, new)))
    assert world.sops_value("pulse_banking.qwac_a") == old
    deaths = Counter(place.rpartition(" ")[2] for place in renewal.deaths)
    assert deaths.keys() == renewal.state.steps.keys()
    assert {step for step, number in deaths.items() if number < 2} <= {"arrived"}
    assert world.vaultwarden.history("QWAC, slot B") == [floor.old]
    assert world.vaultwarden.writes == 1
    assert world.cluster.restarts("pulse-banking", "banking-gateway") == 1
    assert renewal.state.step("accepted").outputs["answered"] == ["bunq", "abn-amro"]
    assert renewal.state.step("banks").items["sparkasse"].state is ItemState.WAIVED
    assert in_force(floor) == (sha256_of(new), "tpp-qwac-a")
    _find_no_key(renewal, tmp_path, old, new)


def _refuse_wrong_ones(renewal: Renewal) -> None:
    """Bring what a careless provider issued; then the run stands where it stood."""
    move, portal = at_gate(renewal, "issued"), renewal.ground.world.qtsp
    for wrong in ({"organisation": "PSDBG-BNB-C1"}, {"roles": ("PSP_AI",)}, {"other_key": True}):
        portal.bungle("qwac", **wrong)
        assert renewal.decide(move) is Event.GATE_REFUSED
    portal.bungle("qwac")
    for words, told in zip(("C1", "roles", "another key"), renewal.refusals, strict=True):
        assert words in told
    assert renewal.state.step("issued").status is Status.WAITING


def _settle_banks(renewal: Renewal) -> None:
    """Say of each bank where it stands, and see that no yes counts before the last."""
    move = at_gate(renewal, "banks")
    first = {"decision": "note", "item": "bunq", "item_state": "registered"}
    assert renewal.decide(move, **first) is Event.GATE_NOTED
    assert renewal.decide(move, decision="approve") is Event.GATE_REFUSED
    assert "bunq (registered), abn-amro (pending), sparkasse (pending)" in renewal.refusals[-1]
    for _ in BANKS:
        assert renewal.decide(move) is Event.GATE_NOTED
    assert renewal.state.step("retire").status is Status.WAITING


def _find_no_key(renewal: Renewal, folder: Path, *pairs: str) -> None:
    world = renewal.ground.world
    renewal.platform.journal.close()
    files = [*folder.glob("ledger.db*"), *world.layout.remote.rglob("*"), world.layout.access_log]
    told = b"".join(path.read_bytes() for path in files if path.is_file())
    told += world.remote.file(SOPS_FILE) or b""
    lines = [line.encode() for pair in pairs for line in key_lines(pair)]

    assert len(lines) >= 2 * len(pairs)
    assert not any(line in told for line in lines)


def test_a_renewal_is_taken_back_before_the_banks_are_asked(floor: Ground) -> None:
    renewal = Renewal(floor, decisions={"banks": "roll back"}).begin()
    move = at_gate(renewal, "banks")
    assert renewal.decide(move, decision="reject") is Event.GATE_REJECTED

    assert renewal.sail() is Outcome.ROLLED_BACK
    assert floor.world.sops_value("pulse_banking.qwac_b") == floor.old
    assert set(used(floor).values()) == {sha256_of(floor.world.values["pulse_banking.qwac_a"])}


SETTLED = "No bank ever had the one in slot B."


def test_what_a_stopped_renewal_left_open_is_not_written_over_until_people_say_what_is_needed(
    floor: Ground,
) -> None:
    old = floor.world.values["pulse_banking.qwac_a"]
    first = Renewal(floor, decisions={"banks": "stop"}).begin()
    first.decide(at_gate(first, "banks"), decision="reject")
    assert first.sail() is Outcome.STOPPED
    first.end(Outcome.STOPPED)
    later = datetime.now(UTC) + timedelta(days=50)
    reminded = [each.of for each in certificate_reminders(floor.platform, later).reminders]

    assert f"sha256:{sha256_of(old)}" in reminded, "no bank knows another"
    for slot in ("tpp-qwac-a", "tpp-qwac-b"):
        with pytest.raises(Refused, match=r"standing: .* run renewal-1 was stopped after it had"):
            Renewal(floor, run=f"for {slot}", inputs={"secret": slot}).preflight()
        with pytest.raises(Refused, match="run renewal-1 was stopped after it had"):
            slot_to_write(floor.platform, slot)
    second = Renewal(floor, run="renewal-2", inputs={"settled": SETTLED})
    second.preflight()
    assert second.begin().sail() is Outcome.COMPLETED
    second.end(Outcome.COMPLETED)
    assert floor.world.sops_value("pulse_banking.qwac_a") == old
    assert SETTLED in second.state.step("standing").evidence
    new = floor.world.sops_value("pulse_banking.qwac_b")
    assert set(used(floor).values()) == {sha256_of(new)}
    assert slot_to_write(floor.platform, "tpp-qwac-b") == "tpp-qwac-a"
    Renewal(floor, run="renewal-3", inputs={"secret": "tpp-qwac-a"}).preflight()


def test_what_was_stopped_before_anything_was_published_leaves_nothing_open(floor: Ground) -> None:
    first = Renewal(floor, decisions={"publish": "stop"}).begin()
    first.decide(at_gate(first, "publish"), decision="reject")
    assert first.sail() is Outcome.STOPPED
    first.end(Outcome.STOPPED)

    Renewal(floor, run="renewal-2").preflight()
    assert slot_to_write(floor.platform, "tpp-qwac-a") == "tpp-qwac-b"
