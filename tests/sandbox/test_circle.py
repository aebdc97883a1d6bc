"""Who is in and who is out is told by name, and the newcomer reads what was encrypted to them."""

from __future__ import annotations

import httpx
import pyrage

from sandbox.circle import describe_circle, recipients
from sandbox.world import World


def test_the_control_server_tells_who_reads_and_who_enters(world: World) -> None:
    told = httpx.get(f"{world.urls['control']}/sandbox/state").json()

    assert told["readers"] == ["engine", "operator", "staff", "leaver", "leaver-tablet"]
    assert told["accounts"]["nina"] == {"authentik": True, "forgejo": True, "vaultwarden": True}
    assert told["accounts"] == describe_circle(world)["accounts"]


def test_the_newcomer_reads_their_word_and_nobody_elses(world: World) -> None:
    keys = recipients(world.layout)
    answers = {owner: _read(world, key) for owner, key in keys.items()}

    assert answers.pop("newcomer").json() == {"word": "a word"}
    assert {answer.status_code for answer in answers.values()} == {400}


def test_what_is_no_request_to_read_is_refused(world: World) -> None:
    url = f"{world.urls['control']}/sandbox/read"

    assert httpx.post(url, json={"armor": "x"}).status_code == 422
    assert httpx.post(url, json={"armour": "x"}).status_code == 400


def _read(world: World, key: str) -> httpx.Response:
    to = pyrage.x25519.Recipient.from_str(key)
    armour = pyrage.encrypt(b"a word", [to], armored=True).decode()
    return httpx.post(f"{world.urls['control']}/sandbox/read", json={"armour": armour})
