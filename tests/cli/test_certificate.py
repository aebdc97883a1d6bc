"""A certificate on its way from a file to a gate."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.certificate import certificate_text
from engine.errors import Refused
from tests import certs

MADE = certs.make(datetime(2027, 1, 25, tzinfo=UTC), certs.statements())
BAG = "Bag Attributes\n    friendlyName: ПЛАНА\n"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_words_around_the_certificates_may_be_in_any_encoding(
    tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "issued.pem"
    file.write_bytes(BAG.encode(encoding) + MADE.pem + MADE.chain.removesuffix(MADE.pem))

    assert certificate_text(str(file)).encode() == MADE.pem + MADE.chain.removesuffix(MADE.pem)


def test_der_is_refused_with_how_to_make_pem_of_it(tmp_path: Path) -> None:
    file = tmp_path / "issued.der"
    file.write_bytes(MADE.der)

    with pytest.raises(Refused, match="is DER, and a gate takes PEM") as caught:
        certificate_text(str(file))
    assert "-inform DER" in caught.value.hint


def test_a_key_beside_it_keeps_all_of_it_here(tmp_path: Path) -> None:
    file = tmp_path / "issued.pem"
    file.write_bytes(BAG.encode("cp1251") + MADE.pem + MADE.private)

    with pytest.raises(Refused, match="nothing of it was sent"):
        certificate_text(str(file))
