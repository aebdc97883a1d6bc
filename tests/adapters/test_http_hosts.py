"""Whom the steps may ask is a list of hosts that a request can have."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from adapters.http import HttpSettings


@pytest.mark.parametrize(
    "host", ["https://bos.example/", "bos.example:443", "Bos.example", "a b", ""]
)
def test_what_is_no_host_alone_is_refused_in_the_settings(host: str) -> None:
    with pytest.raises(ValidationError, match="is no host"):
        HttpSettings(allowed_hosts=(host,))


@pytest.mark.parametrize("host", ["bos.example", "127.0.0.1", "::1", "a_b.example"])
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    assert HttpSettings(allowed_hosts=(host,)).allowed_hosts == (host,)
