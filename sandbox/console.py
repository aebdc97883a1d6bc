"""What a person does in a browser to get a new key, shown once: at Anthropic, at Stripe, at Matrix."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.routes import Call, Routes
from sandbox.values import stripe_key

if TYPE_CHECKING:
    from sandbox.keybook import BookKey, Keybook
    from sandbox.keyring import ProviderKey, Ring
    from sandbox.matrix import Synapse

_NO_STORE = {"Cache-Control": "no-store"}


class Console:
    """Two pages: the list with its button, and the new key; of the others their button alone."""

    def __init__(self, ring: Ring, stripe: Keybook, matrix: Synapse) -> None:
        self._ring = ring
        self._stripe = stripe
        self._matrix = matrix
        routes = Routes()
        routes.add("GET", "/console", self._show)
        routes.add("POST", "/console/keys", self._create)
        routes.add("POST", "/notes", self._recall)
        routes.add("POST", "/stripe/keys", self._roll)
        routes.add("POST", "/matrix/devices", self._sign_in)
        self.answer = routes

    def _show(self, _: Call) -> Response:
        rows = "".join(
            f"<tr><td>{escape(key.name)}</td><td><code>{key.key_id}</code></td>"
            f"<td>{key.status}</td></tr>"
            for key in self._ring.listing()
        )
        return HTMLResponse(
            _page(
                "<form method='post' action='/console/keys'>"
                "<label>Name <input name='name' required></label> "
                "<button type='submit'>Create key</button></form>"
                f"<table><tr><th>Name</th><th>Id</th><th>Status</th></tr>{rows}</table>"
            )
        )

    def _create(self, call: Call) -> Response:
        name = _name(call)
        if not name:
            return JSONResponse({"message": "name the key"}, status_code=400)
        key = self._ring.create(name)
        if "application/json" in call.headers.get("accept", ""):
            shown = {"id": key.key_id, "name": key.name, "key": key.secret}
            return JSONResponse(shown, status_code=201, headers=_NO_STORE)
        return HTMLResponse(_page(_new_key(key)), status_code=201, headers=_NO_STORE)

    def _recall(self, call: Call) -> Response:
        """Answer with an Anthropic key that was made before, from where a person has noted it."""
        secret = self._ring.noted(_name(call))
        if secret is None:
            return JSONResponse({"message": "nobody has noted such a key"}, status_code=404)
        return JSONResponse({"key": secret}, headers=_NO_STORE)

    def _roll(self, call: Call) -> Response:
        name = _name(call)
        if not name:
            return JSONResponse({"message": "name the key"}, status_code=400)
        return _shown(self._stripe.create(name, stripe_key(), {}))

    def _sign_in(self, call: Call) -> Response:
        name = _name(call)
        if not name:
            return JSONResponse({"message": "name the device"}, status_code=400)
        return _shown(self._matrix.sign_in(name))


def _shown(key: BookKey) -> Response:
    shown = {"id": key.key_id, "name": key.name, "key": key.secret}
    return JSONResponse(shown, status_code=201, headers=_NO_STORE)


def _name(call: Call) -> str:
    if "json" not in call.headers.get("content-type", ""):
        return call.form().get("name", "").strip()
    try:
        body = call.json()
    except ValueError:
        return ""
    return str(body.get("name", "")).strip() if isinstance(body, dict) else ""


def _new_key(key: ProviderKey) -> str:
    return (
        f"<p>Key <b>{escape(key.name)}</b> (<code>{key.key_id}</code>) is shown only now:</p>"
        f"<pre id='key'>{escape(key.secret)}</pre><p><a href='/console'>Back</a></p>"
    )


def _page(body: str) -> str:
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Console (sandbox)"
        f"</title></head><body><h1>API keys</h1>{body}</body></html>"
    )
