"""sops quotes values in its errors. None of its words gets into ours, whoever asked it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.drift import compare_stores, read_ages
from adapters.platform import Platform
from adapters.standing import standings
from engine.errors import Refused
from flows.schedule import _table
from tests.adapters import circle as circles
from tests.adapters import infra as world
from tests.adapters.circle import PULSE, Circle
from tests.adapters.exposures import REDIS, found, look, platform_of
from tests.adapters.infra import FILE
from tests.stores import Stores, stores

TYPED = "typed-by-hand-over-the-ciphertext-0123456789"
SAID = "it has a value that cannot be decrypted"

Break = Callable[[bytes, str], bytes]


def retyped(raw: bytes, key: str) -> bytes:
    """Call a text a number, for which no key is needed; sops quotes the text in clear."""
    broken = re.sub(rb"( %s: ENC\[[^\]]*),type:str\]" % key.encode(), rb"\1,type:int]", raw)
    assert broken != raw
    return broken


def typed(raw: bytes, key: str) -> bytes:
    """Write a value over its ciphertext; sops quotes it."""
    broken = re.sub(rb"( %s:) ENC\[[^\]]*\]" % key.encode(), b"\\1 " + TYPED.encode(), raw)
    assert broken != raw
    return broken


@pytest.fixture(params=[retyped, typed])
def broken(request: pytest.FixtureRequest) -> Break:
    way: Break = request.param
    return way


@pytest.fixture
def pair(tmp_path: Path, broken: Break) -> Iterator[Stores]:
    with stores(tmp_path, 2) as made:
        made.infra.commit({FILE: broken(made.infra.read(), "s_1")})
        yield made


def clean(pair: Stores, *texts: str) -> None:
    assert pair.leaks(*texts) == []
    assert [text for text in texts if TYPED in text] == []


def test_no_comparison_repeats_the_words_of_sops(pair: Stores) -> None:
    rows = compare_stores(pair.platform)
    page = _table([*rows], "two secrets")
    seen = standings(pair.platform, "s-1")

    clean(pair, repr(rows), page, repr(seen), repr(read_ages(pair.platform)))
    assert {SAID in row.note for row in rows} == {True}
    assert SAID in page
    assert SAID in seen[0].unknown


def test_no_step_repeats_the_words_of_sops(pair: Stores) -> None:
    steps, at = pair.infra.steps(), {"file": FILE, "path": "keys.s_0"}
    read, write = steps["sops.read"], steps["sops.set"]
    given = world.params(write, value="another-value", at=at)
    for act in (
        lambda: read.run(world.params(read, at=at), world.call()),
        lambda: world.look(read, at=at),
        lambda: world.probe(write, given, world.call()),
        lambda: world.look(write, at=at),
        lambda: write.run(given, world.call()),
    ):
        with pytest.raises(Refused, match=SAID) as told:
            act()
        clean(pair, str(told.value), told.value.hint, repr(told.value.__context__))


@pytest.fixture
def circle(tmp_path: Path) -> Circle:
    return circles.build(tmp_path)


@pytest.fixture
def platform(circle: Circle) -> Iterator[Platform]:
    with platform_of(circle) as opened:
        yield opened


def test_no_exposure_repeats_the_words_of_sops(
    circle: Circle, platform: Platform, broken: Break
) -> None:
    before = found(circle, platform)  # which looks for the values itself, as `look` does
    circle.commit({PULSE: broken(circle.read(PULSE), "password")})

    told = repr(found(circle, platform))
    try:
        told += repr(look(platform, {REDIS: before[REDIS]}))
    except Refused as error:
        told += f"{error.message} {error.hint}"
    assert [value for value in ("redis-value-1", TYPED) if value in told] == []
