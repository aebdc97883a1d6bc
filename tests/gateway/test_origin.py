"""What a page of another site may make a browser do: nothing that changes or reads."""

from __future__ import annotations

import pytest

from gateway.identity import Forbidden
from gateway.origin import refuse_foreign, refuse_foreign_socket, refuse_other_content
from tests.gateway.porch import URL


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {"origin": URL}),
        ("POST", {"origin": URL, "sec-fetch-site": "same-origin"}),
        ("POST", {"sec-fetch-site": "same-origin"}),
        ("GET", {}),
        ("GET", {"sec-fetch-site": "none"}),
        ("GET", {"sec-fetch-site": "same-origin"}),
    ],
)
def test_our_own_pages_may(method: str, headers: dict[str, str]) -> None:
    refuse_foreign(method, headers, URL)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {}),
        ("POST", {"sec-fetch-site": "none"}),
        ("POST", {"origin": "null"}),
        ("POST", {"origin": "http://127.0.0.1:4201"}),
        ("POST", {"origin": "https://127.0.0.1:4200"}),
        ("POST", {"origin": f"{URL}.evil.example"}),
        ("POST", {"origin": f"{URL}/"}),
        ("POST", {"origin": f"{URL}, {URL}"}),
        ("POST", {"origin": URL, "sec-fetch-site": "same-site"}),
        ("DELETE", {"origin": "https://evil.example"}),
        ("GET", {"sec-fetch-site": "cross-site"}),
        ("GET", {"sec-fetch-site": "same-site"}),
        ("GET", {"origin": "https://evil.example"}),
    ],
)
def test_other_sites_may_not(method: str, headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        refuse_foreign(method, headers, URL)


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", f"{URL}1"])
def test_another_site_opens_no_websocket(origin: str | None) -> None:
    refuse_foreign_socket({"origin": URL}, URL)

    with pytest.raises(Forbidden):
        refuse_foreign_socket({"origin": origin} if origin else {}, URL)


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "a/json"])
def test_a_body_that_a_form_can_send_is_refused(kind: str) -> None:
    refuse_other_content({"content-type": "Application/JSON; charset=utf-8"})

    with pytest.raises(Forbidden):
        refuse_other_content({"content-type": kind})
