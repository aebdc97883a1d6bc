"""How often somebody may try, by a clock that stands still until it is moved."""

from __future__ import annotations

import pytest

from gateway.addresses import where_from
from gateway.limits import Limiter, Rate, TooMany
from tests.gateway.porch import Clock

PROXIES = ("10.0.0.0/8", "fd00::/8")


def taken(limiter: Limiter, key: str, times: int) -> int:
    """Take so many, and return how many were let."""
    let = 0
    for _ in range(times):
        try:
            limiter.take(key)
        except TooMany:
            continue
        let += 1
    return let


def test_a_burst_is_let_and_then_one_more_at_a_time() -> None:
    clock = Clock()
    limiter = Limiter("tries", Rate(burst=3, every=10), now=clock)

    assert taken(limiter, "a", 5) == 3
    assert taken(limiter, "b", 1) == 1
    clock.second += 9
    with pytest.raises(TooMany, match="too many tries: try again in 1 s") as told:
        limiter.take("a")
    assert told.value.seconds == 1
    clock.second += 1
    assert taken(limiter, "a", 5) == 1
    clock.second += 25
    assert taken(limiter, "a", 5) == 2


def test_tries_that_are_refused_do_not_prolong_the_wait() -> None:
    clock = Clock()
    limiter = Limiter("tries", Rate(burst=1, every=10), now=clock)

    assert taken(limiter, "a", 100) == 1
    clock.second += 10
    assert taken(limiter, "a", 1) == 1


def test_what_is_remembered_is_bounded_and_who_goes_on_is_not_forgotten() -> None:
    limiter = Limiter("tries", Rate(burst=2, every=10), now=Clock(), most=100)
    taken(limiter, "guesser", 2)
    for number in range(1000):
        limiter.take(f"other-{number}")
        assert taken(limiter, "guesser", 1) == 0

    assert len(limiter) == 100


@pytest.mark.parametrize(
    ("peer", "forwarded", "key"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.5", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.5", "6.6.6.6, 203.0.113.9, 10.0.0.6", "203.0.113.9"),
        ("10.0.0.5", "", "10.0.0.5"),
        ("10.0.0.5", "10.0.0.7", "10.0.0.7"),
        ("10.0.0.5", "203.0.113.9, ", "203.0.113.9"),
        ("10.0.0.5", "<script>", "<script>"),
        ("::ffff:192.0.2.1", "", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("fd00::1", "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::1", "", "::/64"),
        ("", "203.0.113.9", ""),
    ],
)
def test_an_address_is_that_of_the_last_hop_that_is_not_ours(
    peer: str, forwarded: str, key: str
) -> None:
    assert where_from(peer, {"x-forwarded-for": forwarded}, PROXIES) == key
