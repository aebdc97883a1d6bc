"""How Stripe answers an API key.

Stripe's API reference, "Authentication" and "Errors": 401 for a key that is not valid or has
expired, 403 for a restricted key that may not do what was asked. The balance
(docs.stripe.com/api/balance) is read without any effect; a restricted key needs *Balance: read*.
"""

from __future__ import annotations

from pydantic import SecretStr

from adapters.shared import http
from adapters.shared.json_api import header_text
from adapters.stripe.settings import StripeSettings

BALANCE_PATH = "/v1/balance"


def try_key(settings: StripeSettings, value: SecretStr) -> int:
    """Return the status of Stripe's answer to a key that asks for the balance."""
    headers = {"Authorization": f"Bearer {header_text(value, 'a Stripe key')}"}
    with http.client(settings.url, headers=headers) as opened:
        return http.send(opened, "GET", BALANCE_PATH, what="stripe").status_code
