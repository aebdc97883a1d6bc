"""People are told through Apprise, and no address of theirs is told to anybody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.notice import NoticeSettings, send
from engine.errors import Refused, Transient
from sandbox.letterbox import Letterbox, open_letterbox

TOKEN = "tok-5e3c7e7"


@pytest.fixture
def box() -> Iterator[Letterbox]:
    with open_letterbox() as opened:
        yield opened


def listed(folder: Path, *lines: str) -> NoticeSettings:
    (folder / "urls").write_text("\n".join(lines))
    return NoticeSettings(urls_file=folder / "urls")


def test_everybody_on_the_list_is_told(box: Letterbox, tmp_path: Path) -> None:
    settings = listed(
        tmp_path, "# on call", f"json://{box.host}/a", "", f"json://{box.host}/{TOKEN}"
    )

    assert send(settings, "A gate expired", "Step <sops> & more") is True
    assert [letter["title"] for letter in box.letters] == ["A gate expired"] * 2
    assert box.letters[0]["message"] == "Step <sops> & more"


def test_without_a_list_nobody_is_told(box: Letterbox) -> None:
    assert send(NoticeSettings(), "A gate expired", "words") is False
    assert box.letters == []


def test_an_address_that_cannot_be_read_is_named_by_its_line(tmp_path: Path) -> None:
    settings = listed(tmp_path, "json://127.0.0.1:1/a", f"what://is/{TOKEN}")
    with pytest.raises(Refused, match="line 2 of") as caught:
        send(settings, "t", "b")

    assert TOKEN not in str(caught.value)


def test_a_notice_that_does_not_arrive_is_said_without_its_address(
    box: Letterbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    box.status = 500
    with pytest.raises(Transient, match="not everybody") as caught:
        send(listed(tmp_path, f"json://{box.host}/{TOKEN}"), "t", "b")

    assert len(box.letters) == 1
    assert TOKEN not in str(caught.value) + caplog.text
