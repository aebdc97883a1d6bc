"""Messages as they arrive at a webhook, and addresses that are told to nobody."""

from __future__ import annotations

import html
import logging
import re
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from adapters.notify import NotifySettings, check, send
from engine.errors import Refused, RunbookError, Transient
from sandbox.chat import Chat
from sandbox.inbox import Inbox
from sandbox.mailbox import Mailbox

TOKEN = "T0KEN-of-the-hook-8871"
GUESS = "a-wrong-password-4402"


def settings(tmp_path: Path, *targets: str) -> NotifySettings:
    file = tmp_path / "targets"
    file.write_text("\n".join(targets))
    return NotifySettings(targets_file=file)


def told(error: RunbookError) -> str:
    return "".join(traceback.format_exception(error)) + error.hint


def test_a_message_arrives_with_its_link(tmp_path: Path, inbox: Inbox) -> None:
    send(settings(tmp_path, inbox.address(TOKEN)), "A title", "Words.", "http://127.0.0.1/run")

    [message] = inbox.messages
    assert message["title"] == "A title"
    assert message["message"] == "Words.\n\nhttp://127.0.0.1/run"


LINES = ("1 of 2 <agreed> & seen.", "http://127.0.0.1/run?parameters=%7B%22a%22%3A1%7D&b=2")


def test_a_mail_keeps_its_lines_its_signs_and_its_link(tmp_path: Path) -> None:
    with Mailbox() as mailbox:
        target = mailbox.address("runbook@example.org", "oncall@example.org")
        send(settings(tmp_path, target), "A title", LINES[0], LINES[1])

    [mail] = mailbox.mails
    plain, rich = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert (mail["to"], mail["subject"]) == ("oncall@example.org", "A title")
    assert plain is not None
    assert plain.get_content().split() == " ".join(LINES).split()
    assert rich is not None
    shown = html.unescape(rich.get_content()).replace("\N{NO-BREAK SPACE}", " ")
    assert [line for line in shown.strip().split("<br/>") if line] == [*LINES]


def test_a_room_of_matrix_gets_the_message_from_whoever_may_sign_in(tmp_path: Path) -> None:
    with Chat(TOKEN) as chat:
        send(settings(tmp_path, chat.address(TOKEN, "oncall")), "A title", *LINES)
        with pytest.raises(Transient) as caught:
            send(settings(tmp_path, chat.address(GUESS, "oncall")), "A title", "Words.")

    [(room, message)] = chat.messages
    assert room == "!oncall:chat.example"
    assert message["msgtype"] == "m.text"
    assert message["body"].splitlines() == ["# A title", LINES[0], "", LINES[1]]
    assert GUESS not in told(caught.value)


def test_the_addresses_of_the_docs_are_known_to_apprise(tmp_path: Path, root: Path) -> None:
    page = (root / "docs" / "configuration.md").read_text()
    [listed] = re.findall(r"```text targets\n(.*?)```", page, re.DOTALL)
    targets = [line for line in listed.splitlines() if line and not line.startswith("#")]

    assert check(settings(tmp_path, *targets)) == f"{len(targets)} targets can be addressed"
    assert {each.partition(":")[0] for each in targets} == {"matrixs", "mailtos", "slack", "jsons"}


def test_every_target_is_told_and_comments_are_none(tmp_path: Path, inbox: Inbox) -> None:
    known = settings(tmp_path, "# chat", inbox.address("a"), "", inbox.address("b"))
    send(known, "A title", "Words.")

    assert [each["message"] for each in inbox.messages] == ["Words."] * 2
    assert check(known) == "2 targets can be addressed"
    assert len(inbox.messages) == 2


def test_a_target_that_does_not_take_it_is_named_by_number_alone(
    tmp_path: Path, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    with Inbox() as broken, caplog.at_level(logging.DEBUG):
        broken.broken = True
        known = settings(tmp_path, inbox.address("a"), broken.address(TOKEN))
        with pytest.raises(Transient, match="1 of 2 targets did not take") as caught:
            send(known, "A title", "Words.")

    assert "number 2 of" in caught.value.message
    assert TOKEN not in told(caught.value) + caplog.text
    assert len(inbox.messages) == 1


def test_a_target_that_is_away_is_transient(tmp_path: Path) -> None:
    with Inbox() as gone:
        address = gone.address(TOKEN)

    with pytest.raises(Transient) as caught:
        send(settings(tmp_path, address), "A title", "Words.")

    assert TOKEN not in told(caught.value)


def test_a_word_that_is_no_address_is_refused_before_anything_is_sent(
    tmp_path: Path, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    known = settings(tmp_path, inbox.address("a"), f"nonsense://{TOKEN}")

    with caplog.at_level(logging.DEBUG), pytest.raises(Refused, match="target 2") as caught:
        send(known, "A title", "Words.")

    assert TOKEN not in told(caught.value) + caplog.text
    assert inbox.messages == []


def test_without_targets_nobody_can_be_told(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="is not set"):
        send(NotifySettings(), "A title", "Words.")
    with pytest.raises(Refused, match="there is no target"):
        send(settings(tmp_path, "# nobody"), "A title", "Words.")
    with pytest.raises(Refused, match="cannot be read"):
        send(NotifySettings(targets_file=tmp_path / "gone"), "A title", "Words.")


def test_apprise_is_imported_only_to_send(root: Path) -> None:
    program = "import sys, adapters.notify; print('apprise' in sys.modules)"
    ended = subprocess.run(  # noqa: S603 - this project's own program
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True
    )

    assert ended.stdout.strip() == "False"


def test_the_loggers_speak_again_afterwards(tmp_path: Path, inbox: Inbox) -> None:
    before = logging.getLogger("urllib3").level
    send(settings(tmp_path, inbox.address("a")), "A title", "Words.")

    assert logging.getLogger("urllib3").level == before
