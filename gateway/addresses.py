"""Addresses: whether one is trusted, and under which key what comes from it is counted."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

HOME = 64
"""Bits that the IPv6 addresses of one network have in common; each of its hosts has many."""


def is_within(address: str, networks: tuple[str, ...]) -> bool:
    """Tell whether the address is in one of the networks; what is no address is in none."""
    found = _read(address)
    return found is not None and any(found in ip_network(network) for network in networks)


def where_from(peer: str, headers: Mapping[str, str], forwarders: tuple[str, ...]) -> str:
    """Return the key under which a request is counted: an address, or the network of an IPv6 one.

    `X-Forwarded-For` is read where the peer is one of `forwarders`: the last address in it that is
    none of them. It is good for counting and for nothing else.
    """
    hops = [hop.strip() for hop in headers.get("x-forwarded-for", "").split(",")]
    address = peer
    while hops and is_within(address, forwarders):
        address = hops.pop() or address
    found = _read(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((int(found), HOME), strict=False))
    return str(found or address[:64])


def _read(address: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(address)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
