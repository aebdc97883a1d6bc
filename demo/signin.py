"""A person who signs in, as a browser and a terminal do it: password, code, token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

PATIENCE = 60.0
"""Seconds until the gateway must have answered."""
FIELD = re.compile(r'name="([^"]+)" value="([^"]*)"')


def sign_in(url: str, world: Mapping[str, Any], name: str) -> httpx.Client:
    """Return a browser in which this person has signed in at the gateway."""
    browser = httpx.Client(
        base_url=url, follow_redirects=True, timeout=PATIENCE, headers={"accept": "text/html"}
    )
    form = browser.get("/gateway/login?next=/gateway")
    if form.url.host == browser.base_url.host and form.url.port == browser.base_url.port:
        return browser  # the provider knew this browser already
    fields = {field: unescape(value) for field, value in FIELD.findall(form.text)}
    secret = {"user": name, "password": password_of(world, name)}
    issuer = f"{form.url.scheme}://{form.url.netloc.decode()}"
    browser.post(f"{issuer}/authorize", data={**fields, **secret}).raise_for_status()
    return browser


def terminal_token(url: str, world: Mapping[str, Any], name: str) -> SecretStr:
    """Return a token as `runbook login` gets it, let in by this person in a browser."""
    with closing(sign_in(url, world, name)) as browser:
        asked = browser.post("/gateway/device/start").raise_for_status().json()
        let_in = browser.post(
            "/gateway/device", data={"code": asked["user_code"]}, headers={"origin": url}
        )
        let_in.raise_for_status()
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        form = {"grant_type": grant, "device_code": asked["device_code"]}
        given = browser.post("/gateway/device/token", data=form).raise_for_status().json()
        return SecretStr(given["access_token"])


def password_of(world: Mapping[str, Any], name: str) -> str:
    """Return the password that the sandbox drew for this person."""
    return Path(world["identity"]["passwords"][name]).read_text()
