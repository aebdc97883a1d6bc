"""Every runbook played: two so that all goes wrong that may, whatever else there is as it comes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import islice

from engine.errors import RunbookError
from engine.state import Kind, Opening, Outcome
from flows.door import prefect_state
from sandbox.faults import Fault
from sandbox.stripe import expire
from sandbox.world import STRIPE_KEY
from tests.crash.hands import HANDS, NEW_SECRET
from tests.flows.voyages import begin, process_of, state, until
from tests.leaks.crew import (
    Crew,
    Dashboard,
    Device,
    Forgetful,
    Newcomer,
    crew,
    flow_below,
    openings,
    refused,
)
from tests.leaks.form import inputs
from tests.leaks.mistakes import make_mistakes
from tests.leaks.theatre import Theatre
from tests.staff import LETTER, offboarding, onboarding, read_word, waive_all

SLOW = 20
"""Seconds the double takes over one request, so that a kill falls into it."""


def play_every_runbook(theatre: Theatre) -> dict[str, Outcome | str]:
    """Return how each runbook ended, or why nobody could play it."""
    ends: dict[str, Outcome | str] = {}
    for file in theatre.stage.platform().files():
        if file.stem in left_out(theatre):
            continue
        play = TROUBLED.get(file.stem, agree_to_all)
        try:
            run = play(theatre, file.stem)
            ends[file.stem] = state(theatre.stage, run).outcome or "it did not end"
            theatre.runs[file.stem] = run
        except (AssertionError, RunbookError) as error:
            ends[file.stem] = f"nobody can play it: {error}"
        theatre.world.faults.clear()
        theatre.mark_stores(file.stem)
        theatre.keep_databases(f"after {file.stem}")
    return ends


def left_out(theatre: Theatre) -> set[str]:
    """Return the runbooks that need a database where this machine has none."""
    if theatre.world.database is not None:
        return set()
    return {name for name, hands in HANDS.items() if hands.needs_database}


def rotate_a_key_that_a_person_brings(theatre: Theatre, runbook: str) -> str:
    """Mistakes at the first gate, failures and a kill on the way; completed in the end."""
    faults, people, run = theatre.world.faults, crew(theatre), begin(runbook)
    make_mistakes(theatre, run)
    theatre.keep_databases("after the mistakes")
    faults.add("vaultwarden", "status", path="/identity/connect/token", times=2)
    faults.add("vaultwarden", "lost_reply", method="PUT", path="/api/ciphers/*")
    faults.add("anthropic", "status", status=529, times=1)
    faults.add("app", "status", path="/chat", status=404)
    faults.add("anthropic", "status", method="POST", path="*/api_keys/*", status=403)
    slow = Fault(
        double="kubernetes", kind="delay", method="PATCH", path="/apis/apps/*", seconds=SLOW
    )
    for opening in openings(theatre, run):
        if opening.kind is Kind.FAILURE:
            people.say(run, opening, "retry")
        elif slow not in theatre.struck:
            _crash(people, run, opening, slow, signal.SIGKILL)
        else:
            people.say(run, opening)
    return run


def rotate_a_generated_value_and_take_it_back(theatre: Theatre, runbook: str) -> str:
    """An abort in the middle of a write, then a failure that is rolled back."""
    faults, people = theatre.world.faults, crew(theatre)
    run = begin(runbook, secret="matomo-admin-password")
    slow = Fault(double="vaultwarden", kind="delay", method="PUT", path="/api/*", seconds=SLOW)
    for opening in openings(theatre, run):
        if opening.kind is Kind.FAILURE:
            faults.clear()
            people.say(run, opening, "roll back" if slow in theatre.struck else "retry")
        elif slow not in theatre.struck:
            _crash(people, run, opening, slow, signal.SIGABRT)
        else:
            if opening.step == "verify":  # what fails is the look after it
                faults.add("vaultwarden", "status", path="/identity/*", status=400, times=None)
            people.say(run, opening)
    return run


def renew_a_certificate(theatre: Theatre, runbook: str) -> str:
    """Into the slot that is free; every bank in turn."""
    run, people = begin(runbook, secret="tpp-qwac-b"), crew(theatre)
    for opening in openings(theatre, run):
        assert opening.kind is not Kind.FAILURE, f"its step {opening.step} failed"
        people.say(run, opening)
    return run


def rotate_a_key_of_a_dashboard(theatre: Theatre, runbook: str) -> str:
    """A key that a person rolls in Stripe's dashboard, and expires there at the gate for it."""
    people, run = Dashboard(stage=theatre.stage, theatre=theatre), begin(runbook)
    for opening in openings(theatre, run):
        assert opening.kind is not Kind.FAILURE, f"its step {opening.step} failed"
        if opening.step == "revoke":
            expire(theatre.world.stripe_keys, theatre.world.values[STRIPE_KEY])
        people.say(run, opening)
    return run


def rotate_a_token_that_logs_itself_out(theatre: Theatre, runbook: str) -> str:
    """A token of a new device; the answer to the old one's logging out is lost."""
    people, run = Device(stage=theatre.stage, theatre=theatre), begin(runbook)
    theatre.world.faults.add("matrix", "lost_reply", method="POST")
    for opening in openings(theatre, run):
        assert opening.kind is not Kind.FAILURE, f"its step {opening.step} failed"
        people.say(run, opening)
    return run


def rotate_a_key_whose_value_gets_lost(theatre: Theatre, runbook: str) -> str:
    """A key that its predecessor makes; one is lost, and removed by a person in the end."""
    people, run = crew(theatre), begin(runbook)
    theatre.world.faults.add("odoo", "half_body", path="*/generate")
    theatre.world.faults.add("odoo", "lost_reply", path="*/revoke")
    for opening in openings(theatre, run):
        if opening.kind is Kind.FAILURE and opening.step == "no-lost-keys":
            theatre.world.remove_lost_odoo_keys()
        people.say(run, opening, "retry" if opening.kind is Kind.FAILURE else "approve")
    return run


def rotate_a_value_from_outside(theatre: Theatre, runbook: str) -> str:
    """The value in force is brought by mistake, then a new one; the check fails, and once the vault."""
    platform = theatre.stage.platform()
    deployed = replace(platform, shipped_alone=True).catalogue  # what was added since is in no form
    form = inputs(platform.runbook(runbook), deployed)
    at, run = platform.catalogue.secrets[form["secret"]].sops.path, begin(runbook, **form)
    people = Forgetful(stage=theatre.stage, theatre=theatre, path=at)
    theatre.world.faults.add("vaultwarden", "lost_reply", method="PUT", path="/api/ciphers/*")
    theatre.world.faults.add("app", "status", path="/health/monitoring", status=404)
    for opening in openings(theatre, run):
        people.say(run, opening, "retry" if opening.kind is Kind.FAILURE else "approve")
    assert "the value in force" in refused(theatre, run), "the value in force was taken"
    return run


def take_somebody_in(theatre: Theatre, runbook: str) -> str:
    """A newcomer who reads the word that was encrypted to them."""
    people, run = crew(theatre), begin(runbook, **onboarding(theatre.world))
    for opening in openings(theatre, run):
        word = read_word(theatre.world, state(theatre.stage, run))
        theatre.give_away(word)
        people.say(run, opening, comment=word if opening.step == "proven" else "Seen by voice.")
    return run


def take_somebody_out(theatre: Theatre, runbook: str) -> str:
    """A leaver whose values somebody answers for, after refusals of two of the systems."""
    people, run = crew(theatre), begin(runbook, **offboarding(theatre.world))
    theatre.world.faults.add("authentik", "status", method="DELETE", status=403)
    theatre.world.faults.add("forgejo", "lost_reply", method="PATCH")
    for opening in openings(theatre, run):
        if opening.step == "settled":
            now = state(theatre.stage, run)
            _end_all(people, now.step("rotations").outputs["runs"].values())
            waive_all(theatre.stage.platform(), now)
        decision = "retry" if opening.kind is Kind.FAILURE else "approve"
        people.say(run, opening, decision, comment=LETTER)
    return run


def _end_all(people: Crew, runs: Iterable[str]) -> None:
    """End every run at its first gate; they hold secrets that later plays are about."""
    waiting = tuple(runs)
    for run in waiting:  # all are answered before the end of one is waited for
        for opening in islice(openings(people.theatre, run), 1):
            _end(people, run, opening)
    for run in waiting:
        for opening in openings(people.theatre, run):
            _end(people, run, opening)


def _end(people: Crew, run: str, opening: Opening) -> None:
    people.say(run, opening, "stop" if opening.kind is Kind.FAILURE else "reject")


def add_a_secret_and_be_cut_off(theatre: Theatre, runbook: str) -> str:
    """A secret of several lines that is in no store yet; the vault takes its item and loses the reply."""
    people = Newcomer(stage=theatre.stage, theatre=theatre)
    run = begin(runbook, **NEW_SECRET, multiline=True)
    theatre.world.faults.add("vaultwarden", "lost_reply", method="POST", path="/api/ciphers*")
    for opening in openings(theatre, run):
        people.say(run, opening, "retry" if opening.kind is Kind.FAILURE else "approve")
    return run


def rotate_a_pair_and_lose_an_answer(theatre: Theatre, runbook: str) -> str:
    """Exoscale breaks off in the middle of telling a secret, and then does not let it be deleted."""
    faults, people, run = theatre.world.faults, crew(theatre), begin(runbook)
    faults.add("exoscale", "half_body", method="POST")
    faults.add("exoscale", "status", method="DELETE", status=403)
    for opening in openings(theatre, run):
        theatre.mark_stores(f"the gate of {opening.step} in {runbook}")  # the lost secret as well
        people.say(run, opening, "retry" if opening.kind is Kind.FAILURE else "approve")
    return run


Play = Callable[[Theatre, str], str]
TROUBLED: Mapping[str, Play] = {
    "renew-tpp-certificates": renew_a_certificate,
    "rotate-anthropic-api-key": rotate_a_key_that_a_person_brings,
    "rotate-api-key": rotate_a_generated_value_and_take_it_back,
    "rotate-matrix-admin-token": rotate_a_token_that_logs_itself_out,
    "rotate-odoo-api-key": rotate_a_key_whose_value_gets_lost,
    "rotate-provided-secret": rotate_a_value_from_outside,
    "rotate-stored-secret": rotate_a_value_from_outside,
    "rotate-stripe-api-key": rotate_a_key_of_a_dashboard,
    "rotate-exoscale-key": rotate_a_pair_and_lose_an_answer,
    "add-secret": add_a_secret_and_be_cut_off,
    "onboard-sops-recipient": take_somebody_in,
    "offboard-staff": take_somebody_out,
}
"""Runbooks for which it is known what may go wrong where; each returns the id of its run."""
ENDS: Mapping[str, Outcome] = {"rotate-api-key": Outcome.ROLLED_BACK}
"""How a play must end, if not completed."""


def agree_to_all(theatre: Theatre, runbook: str) -> str:
    """Play a runbook of which nothing is known but what its own file says."""
    platform, people = theatre.stage.platform(), crew(theatre)
    run = begin(runbook, **inputs(platform.runbook(runbook), platform.catalogue))
    for opening in openings(theatre, run):
        assert opening.kind is not Kind.FAILURE, f"its step {opening.step} failed"
        people.say(run, opening)
    return run


def _crash(people: Crew, run: str, opening: Opening, slow: Fault, how: signal.Signals) -> None:
    """Approve up to the restart, and end the process in the middle of the slow request.

    Where the run stops at another gate before it, nothing is ended; the next gate is as good.
    """
    theatre = people.theatre
    faults = theatre.world.faults
    fault = faults.arm(slow)

    def struck() -> bool | None:
        now = state(theatre.stage, run).opening
        return True if faults.hits(fault) or (now and now != opening) else None

    if people.say(run, opening, through="restart"):
        until(struck, f"the slow request to {slow.double}")
    if faults.hits(fault):
        flow = until(lambda: flow_below(theatre.temp) or process_of(run), "the process of the run")
        os.kill(flow, how)
        theatre.struck.append(slow)
        until(lambda: True if prefect_state(run) == "Crashed" else None, "Prefect to see the crash")
    faults.remove(fault)
