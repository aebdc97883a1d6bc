"""Signed words, proven again from the ledger alone: what holds, and every way in which one does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from engine.errors import ChainBroken
from engine.evidence import Asked, read_keys
from engine.ledger import ENGINE, GENESIS, Actor, Draft, Entry, Event, chain, timestamp
from engine.vouching import Vouched, prove_again
from gateway.identity import Identity
from gateway.signing import Signer, new_key, spell_public

RUN = "1f0c0000-0000-4000-8000-000000000001"
START = datetime(2026, 11, 26, 2, tzinfo=UTC)
SIGNER, STRANGER = Signer(new_key()), Signer(new_key())
KEYS = read_keys(spell_public(SIGNER.key))
OTTO, OLGA = (Identity(name, "oidc", ("staff",)) for name in ("otto", "olga"))
ASKED = Asked(RUN, "revoke-step-1", "sha256:plan", "sha256:shown")
SAID = {"comment": "read", "through": "verify"}
ANSWER = {"decision": "approve", "comment": "read", "approve_through": "verify"}


def who(identity: Identity) -> Actor:
    return Actor(identity.subject, verified=identity.way, groups=identity.groups, via="ui")


def kept(token: str) -> dict[str, str]:
    """Return what the ledger keeps of a signed word."""
    keys = KeySet([SIGNER.key, STRANGER.key])
    return {
        "token": token,
        "token_id": jwt.decode(token, keys, algorithms=["Ed25519"]).claims["jti"],
    }


def second(minute: int) -> int:
    return int((START + timedelta(minutes=minute)).timestamp())


def started() -> Draft:
    token, _ = SIGNER.initiation(OTTO, "a deployment", {}, second(0))
    return Draft(RUN, Event.RUN_STARTED, who(OTTO), details=kept(token))


def opened() -> Draft:
    told = {"opening": 1, "kind": "step", "shown": ASKED.shown}
    return Draft(RUN, Event.GATE_OPENED, step="revoke", plan=ASKED.plan, details=told)


def approved(
    signer: Signer = SIGNER, by: Identity = OLGA, minute: int = 2, **changes: Any
) -> Draft:
    token = signer.approval(by, replace(ASKED, **changes), ANSWER, second(minute), 60)
    told = {"opening": 1, "kind": "step", **SAID, **kept(token)}
    return Draft(RUN, Event.GATE_APPROVED, who(by), "revoke", plan=ASKED.plan, details=told)


def answered(event: Event, answer: dict[str, str], **said: str) -> Draft:
    """Return an entry that says this of an answer that olga signed."""
    token = SIGNER.approval(OLGA, ASKED, answer, second(2), 60)
    told = {"opening": 1, "kind": "step", "comment": answer["comment"], **said, **kept(token)}
    return Draft(RUN, event, who(OLGA), "revoke", plan=ASKED.plan, details=told)


def alone(through: str = "revoke") -> Draft:
    """Return a yes to one step; the ledger names that step as its reach."""
    answer = {"decision": "approve", "comment": "read"}
    return answered(Event.GATE_APPROVED, answer, through=through)


def rejected(**said: str) -> Draft:
    """Return a no, sent by the form with all its fields."""
    reach = {"approve_through": "revoke", "item": "-", "state": "pending"}
    answer = {"decision": "reject", "comment": "not tonight", **reach}
    return answered(Event.GATE_REJECTED, answer, **said)


def noted(item: str = "bank-a", state: str = "registered") -> Draft:
    said = {"item": "bank-a", "state": "registered", "approve_through": "revoke"}
    answer = {"decision": "note", "comment": "asked by mail", **said}
    return answered(Event.GATE_NOTED, answer, item=item, state=state)


def invented() -> Draft:
    """Return a note that nobody made."""
    told = {"opening": 1, "kind": "step", "comment": "seen", "item": "bank-a", "state": "confirmed"}
    return Draft(RUN, Event.GATE_NOTED, who(OLGA), "revoke", plan=ASKED.plan, details=told)


def beforehand(event: Event, by: Actor) -> Draft:
    told = {"through": "revoke", "until": "", "comment": "go"}
    return Draft(RUN, event, by, plan=ASKED.plan, details=told)


def retried() -> Draft:
    cancel = SIGNER.move(OTTO, RUN, "cancel", "a state", second(3))
    retry = SIGNER.move(OLGA, RUN, "retry", "another state", second(3))
    stopped = {"subject": "otto", "verified": "oidc", **kept(cancel)}
    told = {"cause": "retry", "cancelled": stopped, **kept(retry)}
    return Draft(RUN, Event.RUN_RESUMED, who(OLGA), attempt=2, details=told)


def typed() -> Draft:
    told = {"opening": 1, "kind": "step", **SAID}
    return Draft(RUN, Event.GATE_APPROVED, Actor("olga"), "revoke", plan=ASKED.plan, details=told)


def restarted() -> Draft:
    token = SIGNER.move(Identity("worker-1", "token"), RUN, "restart", "a state", second(3))
    told = {"cause": "restart", **kept(token)}
    return Draft(
        RUN, Event.RUN_RESUMED, Actor("worker-1", verified="token"), attempt=2, details=told
    )


def begun_again(**changes: Any) -> Draft:
    """Return a start that its initiator had retried before the ledger knew of it."""
    token = SIGNER.move(OTTO, RUN, "retry", "a state", second(0))
    again = {"move": "retry", "subject": "otto", "verified": "oidc", **kept(token)}
    return told(started(), retried={**again, **changes})


def told(draft: Draft, **changes: Any) -> Draft:
    """Return a draft that says something else than what was signed."""
    return replace(draft, details={**draft.details, **changes})


def without(draft: Draft, name: str) -> Draft:
    """Return a draft that has lost something."""
    return replace(draft, details={n: v for n, v in draft.details.items() if n != name})


def ledger(drafts: Sequence[Draft]) -> list[Entry]:
    """Return a chain that is sound, whatever its entries say."""
    entries: list[Entry] = []
    for number, draft in enumerate(drafts, start=1):
        at = timestamp(START + timedelta(minutes=number))
        entries.append(chain(draft, at, number, entries[-1].hash if entries else GENESIS))
    return entries


def test_every_signed_word_is_counted_and_so_is_every_typed_name() -> None:
    drafts = [started(), opened(), approved(), typed(), retried(), restarted(), begun_again()]

    assert prove_again(ledger(drafts), KEYS) == Vouched(signed=7, claimed=1)


def test_an_answer_holds_as_the_form_sends_it_and_the_ledger_keeps_it() -> None:
    assert prove_again(ledger([opened(), alone(), rejected(), noted()]), KEYS).signed == 3


def test_what_is_said_beside_a_gate_is_counted_and_not_called_proven() -> None:
    words = [
        beforehand(Event.RUN_PREAPPROVED, who(OLGA)),
        beforehand(Event.GATE_PREAPPROVED, who(OLGA)),
        beforehand(Event.RUN_PREAPPROVED, Actor("otto")),
    ]

    assert prove_again(ledger(words), KEYS) == Vouched(signed=0, claimed=1, unsigned=2)


def test_a_run_that_a_person_ended_is_their_unsigned_word_and_the_engines_own_end_is_none() -> None:
    ends = [Draft(RUN, Event.RUN_ENDED, by, attempt=1, details={}) for by in (who(OLGA), ENGINE)]

    assert prove_again(ledger(ends[:1]), KEYS) == Vouched(signed=0, claimed=0, unsigned=1)
    assert prove_again(ledger(ends[1:]), KEYS) == Vouched(signed=0, claimed=0, unsigned=0)


def test_a_word_from_before_comments_were_signed_by_themselves_holds() -> None:
    draft = approved()
    claims = jwt.decode(draft.details["token"], KEYS, algorithms=["Ed25519"]).claims
    del claims["said"]
    header = {"alg": "Ed25519", "kid": SIGNER.key.kid, "typ": "runbook-approval+jwt"}
    older = told(draft, token=jwt.encode(header, claims, SIGNER.key, algorithms=["Ed25519"]))

    assert prove_again(ledger([opened(), older]), KEYS).signed == 1


@pytest.mark.parametrize(
    ("forged", "why"),
    [
        (approved(STRANGER), "not one that the gateway made"),
        (approved(run="another-run"), "another run"),
        (approved(gate="revoke-step-2"), "another gate"),
        (approved(plan="sha256:other"), "another plan"),
        (approved(shown="sha256:other"), "another text"),
        (approved(minute=5), "later than it was written"),
        (replace(approved(), actor=who(OTTO)), "another person"),
        (replace(approved(), actor=replace(who(OLGA), verified="proxy")), "another way of knowing"),
        (
            replace(approved(), actor=replace(who(OLGA), groups=("staff", "admins"))),
            "another groups",
        ),
        (replace(approved(), event=Event.GATE_REJECTED), "another decision"),
        (replace(approved(), event=Event.GLASS_BROKEN), "another decision"),
        (told(approved(), comment="not read"), "another comment, reach or item"),
        (told(approved(), through="revoke"), "another comment, reach or item"),
        (alone(through="verify"), "another comment, reach or item"),
        (rejected(through="revoke"), "another comment, reach or item"),
        (noted(item="bank-b"), "another comment, reach or item"),
        (noted(state="confirmed"), "another comment, reach or item"),
        (told(noted(), comment="they have confirmed"), "another comment, reach or item"),
        (replace(noted(), event=Event.GATE_APPROVED), "another decision"),
        (invented(), "olga is called verified, and nothing is signed"),
        (replace(invented(), event=Event.GATE_REFUSED), "olga is called verified"),
        (told(approved(), opening=2), "another gate"),
        (told(approved(), token_id="other"), "another number"),
        (told(approved(), token="noise"), "not one that the gateway made"),
        (replace(typed(), actor=who(OLGA)), "olga is called verified, and nothing is signed"),
        (replace(started(), actor=who(OLGA)), "another person"),
        (told(started(), token=approved().details["token"]), "not one that the gateway made"),
        (replace(retried(), run="another-run"), "another run"),
        (told(retried(), cause="restart"), "another move"),
        (told(restarted(), cause="retry"), "another move"),
        (without(retried(), "token"), "olga is called verified, and nothing is signed"),
        (
            told(retried(), cancelled={"subject": "otto", "verified": "oidc"}),
            "otto is called verified, and nothing is signed",
        ),
        (begun_again(subject="olga"), "another person"),
        (begun_again(move="restart"), "another move"),
        (replace(begun_again(), run="another-run"), "another run"),
        (
            told(retried(), cancelled={**retried().details["cancelled"], "subject": "olga"}),
            "person",
        ),
    ],
)
def test_a_word_that_is_not_this_persons_for_this_is_found(forged: Draft, why: str) -> None:
    with pytest.raises(ChainBroken, match=why) as broken:
        prove_again(ledger([opened(), forged]), KEYS)

    assert "entry 2" in broken.value.message


def test_a_word_that_is_there_twice_is_found() -> None:
    once = approved()

    with pytest.raises(ChainBroken, match="that of entry 2, and counts once"):
        prove_again(ledger([opened(), once, once]), KEYS)
