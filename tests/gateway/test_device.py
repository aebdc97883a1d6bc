"""Letting a command line in, and how often somebody may try."""

from __future__ import annotations

from typing import Any

import httpx

from adapters.gateway import Role
from gateway import tokens
from gateway.body import LONGEST_FORM
from gateway.device import GRANT
from tests.gateway.street import Street


def start(browser: httpx.Client) -> dict[str, Any]:
    told: dict[str, Any] = browser.post("/gateway/device/start").json()
    return told


def poll(browser: httpx.Client, asked: dict[str, Any], grant: str = GRANT) -> dict[str, Any]:
    form = {"grant_type": grant, "device_code": asked["device_code"]}
    told: dict[str, Any] = browser.post("/gateway/device/token", data=form).json()
    return told


def let_in(browser: httpx.Client, code: str, origin: str | None = None) -> int:
    own = str(browser.base_url).rstrip("/") if origin is None else origin
    sent = browser.post("/gateway/device", data={"code": code}, headers={"origin": own})
    return sent.status_code


def test_a_command_line_is_let_in_by_a_person_once(street: Street) -> None:
    terminal, browser = street.browser(), street.signed_in()
    asked = start(terminal)
    assert poll(terminal, asked) == {"error": "authorization_pending"}
    assert asked["user_code"] in browser.get(f"/gateway/device?code={asked['user_code']}").text
    assert let_in(browser, asked["user_code"].lower()) == 200

    given = poll(terminal, asked)

    assert given["subject"] == "olga"
    bearer = {"authorization": f"Bearer {given['access_token']}"}
    me = terminal.get("/gateway/me", headers=bearer).json()
    assert (me["subject"], me["verified"]) == ("olga", "token")
    assert poll(terminal, asked) == {"error": "expired_token"}
    assert let_in(browser, asked["user_code"]) == 403
    assert terminal.post("/gateway/device/end", headers=bearer).status_code == 200
    assert terminal.get("/gateway/me", headers=bearer).status_code == 401


def test_nobody_lets_a_command_line_in_unseen(street: Street) -> None:
    terminal, browser = street.browser(), street.signed_in()
    asked = start(terminal)

    assert let_in(street.browser(), asked["user_code"]) == 401
    assert let_in(browser, asked["user_code"], "https://evil.example") == 403
    assert let_in(browser, asked["user_code"], "") == 403
    assert poll(terminal, asked, "password") == {"error": "unsupported_grant_type"}
    assert poll(terminal, asked) == {"error": "authorization_pending"}


def test_a_token_lets_no_other_command_line_in(street: Street) -> None:
    terminal, browser = street.browser(), street.signed_in()
    asked = start(terminal)
    let_in(browser, asked["user_code"])
    bearer = {
        "authorization": f"Bearer {poll(terminal, asked)['access_token']}",
        "origin": street.own,
    }
    other = start(terminal)

    sent = terminal.post("/gateway/device", data={"code": other["user_code"]}, headers=bearer)

    assert sent.status_code == 401
    assert poll(terminal, other) == {"error": "authorization_pending"}


def test_codes_cannot_be_guessed_and_do_not_last(street: Street) -> None:
    terminal, browser = street.browser(), street.signed_in()
    asked, late = start(terminal), start(terminal)
    street.porch.clock.second += 601
    assert let_in(browser, late["user_code"]) == 403
    assert poll(terminal, asked) == {"error": "expired_token"}
    fresh = start(terminal)
    tried = [let_in(browser, "BBBB-BBBB") for _ in range(10)]
    assert tried == [403] * 9 + [429]

    assert let_in(browser, fresh["user_code"]) == 429
    assert poll(terminal, fresh) == {"error": "authorization_pending"}
    street.porch.clock.second += 60
    assert let_in(browser, fresh["user_code"]) == 200


def test_a_command_line_that_asks_too_often_is_told_to_slow_down(street: Street) -> None:
    terminal = street.browser()
    asked = start(terminal)
    told = [poll(terminal, asked)["error"] for _ in range(4)]

    assert told == ["authorization_pending"] * 3 + ["slow_down"]
    street.porch.clock.second += 2
    assert poll(terminal, asked) == {"error": "authorization_pending"}


def test_sign_ins_and_command_lines_from_one_address_are_limited(street: Street) -> None:
    browser = street.browser()
    for _ in range(60):
        assert browser.get("/gateway/login").status_code == 303
    for _ in range(20):
        assert browser.post("/gateway/device/start").status_code == 200

    page, answer = browser.get("/gateway/login"), browser.post("/gateway/device/start")

    assert (page.status_code, page.headers["retry-after"]) == (429, "1")
    assert "too many sign-ins from this address: try again in 1 s" in page.text
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "6")
    assert answer.json()["error"] == "slow_down"
    street.porch.clock.second += 6
    assert browser.get("/gateway/login").status_code == 303
    assert browser.post("/gateway/device/start").status_code == 200


def test_guesses_from_one_address_are_limited_and_a_right_token_is_taken_all_the_same(
    street: Street,
) -> None:
    browser = street.browser()
    wrong, unknown = {"authorization": "Bearer rbt_guess"}, {"device_code": "guess"}
    tried = [browser.get("/gateway/me", headers=wrong).status_code for _ in range(31)]
    held = tokens.new_machine(street.porch.store, "w", Role.WORKER, 60).get_secret_value()

    answer = browser.get("/gateway/me", headers=wrong)
    device = browser.post("/gateway/device/token", data={"grant_type": GRANT, **unknown})
    right = browser.get("/gateway/me", headers={"authorization": f"Bearer {held}"})

    assert tried == [401] * 30 + [429]
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert (device.status_code, device.json()["error"]) == (429, "slow_down")
    assert browser.get("/gateway/callback?code=x&state=y").status_code == 429
    assert right.status_code == 200
    street.porch.clock.second += 2
    assert browser.get("/gateway/me", headers=wrong).status_code == 401


def test_a_form_that_is_too_long_is_not_read(street: Street) -> None:
    terminal, browser = street.browser(), street.signed_in()
    form = {"grant_type": GRANT, "device_code": "a" * LONGEST_FORM}
    code = {"code": "a" * LONGEST_FORM}

    asked = terminal.post("/gateway/device/token", data=form)
    typed = browser.post("/gateway/device", data=code, headers={"origin": street.own})

    assert (asked.status_code, typed.status_code) == (413, 413)
