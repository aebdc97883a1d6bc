"""The guardrail of a key: which models and providers it may use, and what it may spend there.

Protocol as in the vendor's OpenAPI description (OpenRouterTeam/go-sdk, `.speakeasy/out.openapi.yaml`:
`listKeyAssignments`, `bulkAssignKeysToGuardrail`): a key holds one guardrail at most, a new key holds
none, and assigning one replaces the one before.
"""

from __future__ import annotations

from adapters.shared.json_api import JsonApi
from engine.errors import Refused

GUARDRAILS_PATH = "/api/v1/guardrails"
_PAGE = 100
_MOST_PAGES = 100
_OK = 200


def guardrail_of(api: JsonApi, key: str) -> str | None:
    """Return the id of the guardrail that a key holds, if it holds one."""
    path = f"{GUARDRAILS_PATH}/assignments/keys"
    for number in range(_MOST_PAGES):
        query = {"limit": str(_PAGE), "offset": str(number * _PAGE)}
        page = api.ask("GET", path, _OK, params=query).get("data")
        if not isinstance(page, list):
            raise _unknown_form()
        for each in page:
            if not isinstance(each, dict):
                raise _unknown_form()
            if each.get("key_hash") == key:
                return _identity(each.get("guardrail_id"))
        if len(page) < _PAGE:
            return None
    raise Refused(f"openrouter lists more than {_PAGE * _MOST_PAGES} keys that hold guardrails")


def assign(api: JsonApi, guardrail: str, key: str) -> None:
    """Let a key hold a guardrail; raise `Refused` where it does not come to hold it."""
    path = f"{GUARDRAILS_PATH}/{guardrail}/assignments/keys"
    told = api.ask("POST", path, _OK, json={"key_hashes": [key]})
    if told.get("assigned_count") != 1:
        raise Refused(
            f"openrouter did not let the new key {key} hold the guardrail {guardrail} of the old one",
            hint="Look in the OpenRouter settings whether the guardrail is of the key's workspace.",
        )


def _identity(found: object) -> str:
    if not isinstance(found, str) or not found:
        raise _unknown_form()
    return found


def _unknown_form() -> Refused:
    return Refused("openrouter tells in a form unknown to us which keys hold guardrails")
