"""A credential file that holds something else is told by its name and place, and never shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.platform import Platform
from adapters.settings import Settings
from adapters.shared.files import read_secret, read_text
from engine.errors import Refused

NO_TEXT = b"\xff\xfe\x00hunter2"


@pytest.mark.parametrize("read", [read_secret, read_text])
def test_what_is_no_text_is_refused_unseen(
    read: Callable[[Path, str], object], tmp_path: Path
) -> None:
    (tmp_path / "key").write_bytes(NO_TEXT)

    with pytest.raises(Refused, match=r"the key cannot be read .*key: it is not text") as told:
        read(tmp_path / "key", "the key")
    assert "hunter2" not in f"{told.value.__cause__}{told.value.__context__}{told.value.hint}"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (NO_TEXT, "it is not text"),
        (b"k" * 31 + b"\n", "has 31 characters, fewer than 32"),
        (b" \n", "is empty"),
    ],
)
def test_a_key_of_fingerprints_that_can_be_guessed_is_refused(
    content: bytes, words: str, tmp_path: Path
) -> None:
    file = tmp_path / "fingerprint"
    file.write_bytes(content)
    settings = Settings.model_validate({"engine": {"fingerprint_key_file": file}})

    with pytest.raises(Refused, match=words) as told:
        Platform(settings).fingerprint_key()
    assert "kkkk" not in told.value.message


def test_keys_of_the_gateway_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").write_bytes(NO_TEXT)
    settings = Settings.model_validate({"engine": {"approval_keys_file": tmp_path / "keys"}})

    with pytest.raises(Refused, match="it is not text"):
        Platform(settings).approval_keys()
