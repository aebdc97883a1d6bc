"""Known secrets are taken out of a text: whole, in the spellings they travel in, and line by line."""

from __future__ import annotations

import base64
import json

import pytest
import yaml
from pydantic import SecretStr

from engine.redaction import MASK, Redactor

BODY = ("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAE", "bm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZWQy", "NTUxOQAA")
KEY = "\n".join(["-----BEGIN OPENSSH PRIVATE KEY-----", *BODY, "-----END OPENSSH PRIVATE KEY-----"])
CONFIG = 'users:\n- name: engine\n  user:\n    token: "nobody-has-this-token"\n\tport: 1\n'
SECRET_LINES = (*BODY, '    token: "nobody-has-this-token"', '"nobody-has-this-token"')


@pytest.fixture
def redact() -> Redactor:
    return Redactor([SecretStr(f"{KEY}\n"), SecretStr(CONFIG)])


@pytest.mark.parametrize("line", SECRET_LINES)
@pytest.mark.parametrize(
    "told",
    [
        lambda line: f"error: line 2: {line}",
        lambda line: json.dumps({"said": line}),
        lambda line: json.dumps({"said": f"before\n{line}\nafter"}),
        lambda line: yaml.safe_dump({"said": {"deep": f"before\n{line}\n"}}, default_style="|"),
    ],
)
def test_no_line_of_a_secret_is_shown_alone(redact: Redactor, line: str, told: object) -> None:
    assert callable(told)
    shown = redact(told(line))

    assert MASK in shown
    assert "nobody-has-this-token" not in shown
    assert not any(part in shown for part in BODY)


@pytest.mark.parametrize("whole", [f"{KEY}\n", KEY, CONFIG, CONFIG.rstrip("\n")])
def test_a_secret_of_several_lines_is_taken_out_as_a_whole_too(
    redact: Redactor, whole: str
) -> None:
    for text in (whole, json.dumps(whole), whole.encode().hex()):
        assert not any(part in redact(f"<{text}>") for part in (*BODY, "nobody-has-this-token"))
    encoded = base64.b64encode(whole.encode()).decode()
    assert encoded[:-8] not in redact(encoded)
    assert MASK in redact(encoded)


def test_what_anybody_may_see_of_it_stays_readable() -> None:
    public = "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUYQ==\n-----END CERTIFICATE-----\n"
    redact = Redactor([SecretStr(f"{public}{KEY}\n")])

    assert redact(public) == public
    assert redact(KEY.splitlines()[0]) == KEY.splitlines()[0]
    assert BODY[0] not in redact(KEY)


def test_short_lines_and_words_are_no_reason_to_mask_a_text(redact: Redactor) -> None:
    for text in ("port: 1", "the users: all", "step engine failed"):
        assert redact(text) == text


def test_a_value_of_one_line_is_taken_out_whole_only() -> None:
    redact = Redactor([SecretStr("correct horse battery staple-for-everybody")])

    assert redact("staple-for-everybody") == "staple-for-everybody"
    assert redact("correct horse battery staple-for-everybody") == MASK
