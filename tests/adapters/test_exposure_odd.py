"""What a leaver could read in odd places: odd names, values that are no text, comments, and returns."""

from __future__ import annotations

import base64

from adapters.exposure import judged_now
from adapters.platform import Platform
from engine.exposure import Fate
from engine.step import Done, NotYet
from tests.adapters import infra as world
from tests.adapters.circle import PULSE, Circle
from tests.adapters.exposures import RUN, found, leave, look, waive

APP = "infra/secrets/app.enc.yaml"
EVERYONE = ("engine", "operator", "leaver")
STORE = base64.b64encode(bytes([0xFF, 0xFE, 0x00, 0x80])).decode()


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def put_secret(circle: Circle, **data: str) -> None:
    """Commit a Secret of Kubernetes, encrypted as Flux has it."""
    lines = "".join(f"  {key}: {value}\n" for key, value in data.items())
    clear = f"kind: Secret\nmetadata:\n  name: x\ndata:\n{lines}"
    target = circle.work(APP, clear.encode())
    words = [*circle._sops, "encrypt", "--encrypted-regex", "^data$", "--age"]
    named = ",".join(circle.recipient(owner) for owner in EVERYONE)
    raw = world.run_program([*words, named, str(target)], target.parent)
    circle.commit({APP: raw})


def place(key: str) -> str:
    return f'{APP}#["data"]["{key}"]'


def test_a_value_that_is_no_text_spoils_no_other(circle: Circle, platform: Platform) -> None:
    put_secret(circle, store=STORE, password=in_base64("pw-1"), other=in_base64("other-1"))
    listed = found(circle, platform)
    theirs = {at: listed[at] for at in (place("store"), place("password"))}
    assert all(each.mark for each in theirs.values())
    leave(circle)

    before = look(platform, theirs)
    circle.commit({APP: circle.edited('["data"]["password"]', in_base64("pw-2"), APP)})
    between = look(platform, theirs)
    newer = base64.b64encode(bytes([0xFF, 0x00])).decode()
    circle.commit({APP: circle.edited('["data"]["store"]', newer, APP)})

    assert isinstance(before, NotYet)
    assert before.finding.startswith("2 of 2")
    assert isinstance(between, NotYet)
    assert between.finding == f"1 of 2 values are not settled: {place('store')} (open)"
    assert isinstance(look(platform, theirs), Done)


def test_beside_a_value_that_is_no_text_a_replaced_one_is_told_from_one_encrypted_anew(
    circle: Circle, platform: Platform
) -> None:
    put_secret(circle, store=STORE, password=in_base64("pw-1"), other=in_base64("other-1"))
    circle.commit({APP: circle.rewrapped(APP, rotates=True)})
    circle.commit({APP: circle.edited('["data"]["password"]', in_base64("pw-2"), APP)})
    circle.commit({APP: circle.rewrapped(APP, rotates=True)})

    listed = found(circle, platform)

    assert {place("store"), place("other")} < set(listed)
    assert place("password") not in listed


def test_a_value_of_long_ago_that_main_holds_again_is_theirs(
    circle: Circle, platform: Platform
) -> None:
    """They could read two after another; then they were out, and the first came back."""
    first = {"a": {"k": "first-1", "z": "z-1"}}
    circle.commit({APP: circle.lock(first, APP, EVERYONE)})
    circle.commit({APP: circle.edited('["a"]["k"]', "second-2", APP)})
    circle.commit({APP: circle.rewrapped(APP, rotates=True)})
    for key, value in (("z", "z-2"), ("k", "third-3")):
        circle.commit({APP: circle.edited(f'["a"]["{key}"]', value, APP)})
    key = f'{APP}#["a"]["k"]'
    assert key not in found(circle, platform)
    circle.commit({APP: circle.edited('["a"]["k"]', "first-1", APP)})

    listed = found(circle, platform)

    assert listed[key].since == circle.head()
    assert f'{APP}#["a"]["z"]' not in listed
    assert isinstance(look(platform, {key: listed[key]}), NotYet)


def test_encrypted_comments_are_listed_once_for_a_person_to_judge(
    circle: Circle, platform: Platform
) -> None:
    clear = "a:\n  # the old one until May: note-value-1\n  # and more\n  k: key-value-1\n"
    circle.commit({APP: circle.lock(clear, APP, EVERYONE)})
    came = circle.head()
    leave(circle)
    circle.commit({APP: circle.lock({"a": {"k": "key-value-2"}}, APP, ("engine", "operator"))})
    assert not any(each.endswith("#comments") for each in found(circle, platform) if PULSE in each)

    notes = found(circle, platform)[f"{APP}#comments"]
    seen = look(platform, {notes.place: notes})
    waive(platform, [notes.place])

    assert came != circle.head()
    assert (notes.mark, notes.secret, notes.since) == ("", "", "")
    assert isinstance(seen, NotYet)
    assert isinstance(look(platform, {notes.place: notes}), Done)


def test_comments_that_main_still_has_are_told_since_which_commit(
    circle: Circle, platform: Platform
) -> None:
    circle.commit({APP: circle.lock("# note-value-1\na: key-value-1\n", APP, EVERYONE)})

    notes = found(circle, platform)[f"{APP}#comments"]

    assert notes.since == circle.head()
    (judged,) = judged_now(platform, RUN, [notes])
    assert judged.fate is Fate.OPEN
    assert judged.note == "what it is cannot be told here; look whether it is still accepted"


def test_odd_names_of_keys_and_files_are_followed_to_their_end(
    circle: Circle, platform: Platform
) -> None:
    file = "infra/secrets/app#1.enc.yaml"
    values = {"mysql": {"[client] password": "s-1", 'a"b': "s-2", "": "s-3", "k#h": "s-4"}}
    circle.commit({file: circle.lock(values, file, EVERYONE)})
    listed = {at: each for at, each in found(circle, platform).items() if at.startswith(file)}
    assert set(listed) == {
        f'{file}#["mysql"][%"%5Bclient%5D%20password"]',
        f'{file}#["mysql"][%"a%22b"]',
        f'{file}#["mysql"][%""]',
        f'{file}#["mysql"]["k#h"]',
    }
    leave(circle)
    before = look(platform, listed)
    newer = {"mysql": {key: f"{value}-new" for key, value in values["mysql"].items()}}
    circle.commit({file: circle.lock(newer, file, ("engine", "operator"))})

    assert isinstance(before, NotYet)
    assert before.finding.startswith("4 of 4")
    assert isinstance(look(platform, listed), Done)
