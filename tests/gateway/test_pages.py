"""Signing in and out: real pages, and a real provider on loopback."""

from __future__ import annotations

import httpx
import pytest

from demo.signin import FIELD
from tests.gateway.street import Street


def test_a_person_signs_in_goes_where_they_wanted_and_signs_out(street: Street) -> None:
    browser = street.browser()
    back = street.comes_back(street.leaves(browser, "?next=/runs/flow-run/x%3Fa=b"), "olga")

    answer = browser.get(back)

    cookie = answer.headers["set-cookie"]
    assert answer.headers["location"] == "/runs/flow-run/x?a=b"
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    me = browser.get("/gateway/me").json()
    assert (me["subject"], me["verified"], me["roles"]) == ("olga", "oidc", ["approver"])
    assert "olga" in browser.get("/gateway").text
    assert browser.post("/gateway/logout").status_code == 403
    assert browser.get("/gateway/me").status_code == 200
    kept = browser.cookies["runbook"]
    assert browser.post("/gateway/logout", headers={"origin": street.own}).status_code == 200
    assert browser.get("/gateway/me", headers={"cookie": f"runbook={kept}"}).status_code == 401


def test_a_callback_counts_once_and_in_its_own_browser(street: Street) -> None:
    browser, other = street.browser(), street.browser()
    back = street.comes_back(street.leaves(browser), "olga")
    street.leaves(other)

    assert other.get(back).status_code == 401
    assert browser.get(back).status_code == 401
    back = street.comes_back(street.leaves(browser), "olga")
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 401
    assert browser.get("/gateway/callback?code=x&state=y").status_code == 401


def test_a_code_is_no_good_in_another_sign_in(street: Street) -> None:
    browser, attacker = street.browser(), street.browser()
    stolen = street.comes_back(street.leaves(attacker), "otto")
    own = street.comes_back(street.leaves(browser), "olga")
    code = stolen.split("code=")[1].split("&")[0]
    swapped = own.replace(own.split("code=")[1].split("&")[0], code)

    assert browser.get(swapped).status_code == 401
    assert browser.get("/gateway/me").status_code == 401


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "evil",
        "",
        "/%0d%0aX:y",
        "/%09/x",
    ],
)
def test_a_sign_in_leads_nowhere_else(street: Street, wanted: str) -> None:
    browser = street.browser()
    back = street.comes_back(street.leaves(browser, f"?next={wanted}"), "olga")

    assert browser.get(back).headers["location"] == "/"


def test_somebody_without_a_role_is_not_let_in(street: Street) -> None:
    browser = street.browser()

    answer = browser.get(street.comes_back(street.leaves(browser), "nina"))

    assert answer.status_code == 403
    assert "nina is in no group that has a role here" in answer.text
    assert browser.get("/gateway/me").status_code == 401


def test_a_wrong_password_signs_nobody_in(street: Street) -> None:
    form = httpx.get(street.leaves(street.browser()))
    fields = dict(FIELD.findall(form.text))

    for name, password in (("olga", "wrong"), ("nobody", "wrong"), ("olga", "")):
        sent = {**fields, "user": name, "password": password}
        assert httpx.post(f"{street.provider}/authorize", data=sent).status_code == 401


def test_a_session_of_before_ends_when_somebody_signs_in_anew(street: Street) -> None:
    browser = street.signed_in()
    before = browser.cookies["runbook"]
    assert browser.get(street.comes_back(street.leaves(browser), "otto")).status_code == 303

    assert browser.get("/gateway/me").json()["subject"] == "otto"
    stale = street.browser().get("/gateway/me", headers={"cookie": f"runbook={before}"})
    assert stale.status_code == 401
