"""Double of Odoo 19's JSON-2 API: keys of two users, and enough of the rest to use one.

Protocol as in the vendor's documentation, "External JSON-2 API", and the model `res.users.apikeys` of
version 19.0: a key is valid for its scope and until it expires, ten keys are the most, keys are
managed by administrators or where a parameter allows it, a key is revoked by its value, and each
failure of that counts as a failed sign-in. `remove` asks for a password that a key does not have.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, NoReturn

from starlette.responses import JSONResponse, Response

from sandbox.keybook import BookKey, Keybook
from sandbox.routes import Call, Refused, Routes
from sandbox.values import odoo_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.clock import Clock

DATABASE = "odoo_demo"
BOT, CLERK = 7, 9
"""Users: the one whose key is rotated, and somebody else."""
_LONGEST = timedelta(days=90)
_MOST_KEYS = 10
_MOST_FAILURES, _COOLDOWN = 5, timedelta(seconds=60)
_OF_A_RUN = re.compile(r".+\.[0-9a-f-]{36}\.\d+")


class Odoo:
    """One Odoo with one database."""

    def __init__(self, clock: Clock, current: str) -> None:
        """Make it; `current` is the key in force of the bot."""
        self._clock = clock
        ids = count(31)
        self.keys = Keybook(clock, lambda: str(next(ids)))
        self.keys.seed("laptop of the clerk", odoo_key(), _more(CLERK, None, self._in(40)), 50)
        self.keys.seed("spreadsheet", odoo_key(), _more(BOT, "rpc", self._in(11)), 79)
        self.keys.seed("sync", current, _more(BOT, None, self._in(20)), 70)
        self.version: int | str = 19
        """The major version; `saas~19` at Odoo Online."""
        self.programmatic = True
        """Whether `base.enable_programmatic_api_keys` is set."""
        self._failures: list[datetime] = []
        self._methods: Mapping[tuple[str, str], Callable[[BookKey, dict[str, Any]], Any]] = {
            ("res.users", "context_get"): self._context,
            ("res.partner", "search_count"): lambda _, __: 412,
            ("res.users.apikeys", "search_read"): self._search_read,
            ("res.users.apikeys", "generate"): self._generate,
            ("res.users.apikeys", "revoke"): self._revoke,
            ("res.users.apikeys", "remove"): self._remove,
        }
        routes = Routes(missing=lambda _: _error(404, "werkzeug.exceptions.NotFound", "Not Found"))
        routes.add("GET", "/web/version", self._version)
        routes.add("POST", "/json/2/{model}/{method}", self._json2)
        self.answer = routes

    def remove_by_hand(self, keep: str) -> None:
        """Remove every key of a run but the one with this value, as a person does in the preferences."""
        for key in self.keys.listing():
            if _OF_A_RUN.fullmatch(key.name) and key.secret != keep:
                self.keys.remove(key.key_id)

    def _version(self, _: Call) -> Response:
        return JSONResponse(
            {"version_info": [self.version, 0, 0, "final", 0, ""], "version": f"{self.version}.0"}
        )

    def _json2(self, call: Call, model: str, method: str) -> Response:
        if call.headers.get("x-odoo-database", DATABASE) != DATABASE:
            raise _refused(404, "werkzeug.exceptions.NotFound", "no such database")
        key = self._valid(call.bearer() or "", "rpc")
        if key is None:
            raise _refused(401, "werkzeug.exceptions.Unauthorized", "Invalid apikey")
        act = self._methods.get((model, method))
        if act is None:
            raise _refused(404, "werkzeug.exceptions.NotFound", f"no {model}.{method}")
        return JSONResponse(act(key, _arguments(call)))

    def _context(self, key: BookKey, _: dict[str, Any]) -> dict[str, Any]:
        return {"lang": "en_US", "tz": "Europe/Sofia", "uid": key.more["user"]}

    def _search_read(self, key: BookKey, given: dict[str, Any]) -> list[dict[str, Any]]:
        for field, operator, _ in given.get("domain", []):
            if (field, operator) != ("user_id", "="):
                raise _user_error(f"Invalid field {field!r} or operator {operator!r}")
        if given.get("order", "id") != "id":
            raise _user_error("only the order of ids is known here")
        wanted = {value for _, _, value in given.get("domain", [])} or {key.more["user"]}
        seen = [
            each
            for each in reversed(self.keys.listing())
            if each.more["user"] == key.more["user"] and each.more["user"] in wanted
        ]
        return [_described(each, given.get("fields", [])) for each in seen]

    def _generate(self, caller: BookKey, given: dict[str, Any]) -> str:
        own, scope, name, ends = (
            _named(given, each) for each in ("key", "scope", "name", "expiration_date")
        )
        self._may_manage()
        self._not_cooling_down()
        user = caller.more["user"]
        mine = [k for k in self.keys.listing() if k.more["user"] == user and not self._is_over(k)]
        if len(mine) >= _MOST_KEYS:
            raise _user_error(f"Limit of {_MOST_KEYS} API keys is reached")
        found = self._valid(str(own), scope or "rpc")
        if found is None or found.more["user"] != user:
            self._fail("The provided API key is invalid or does not belong to the current user.")
        expires = _moment(ends)
        if expires > self._clock.now() + _LONGEST:
            raise _user_error("You cannot exceed 90.0 days.")
        return self.keys.create(str(name), odoo_key(), _more(user, scope, expires)).secret

    def _revoke(self, caller: BookKey, given: dict[str, Any]) -> bool:
        wanted = str(_named(given, "key"))
        self._may_manage()
        self._not_cooling_down()
        found = self.keys.key_of(wanted)
        if found is None or self._is_over(found):
            self._fail("The provided API key is invalid.")
        if found.more["user"] != caller.more["user"]:
            raise _refused(403, "odoo.exceptions.AccessError", "You can not remove API keys")
        self.keys.remove(found.key_id)
        return True

    def _remove(self, _: BookKey, __: dict[str, Any]) -> dict[str, Any]:
        """Ask for a password, as for everybody who has not typed one in this session; remove nothing."""
        return {"type": "ir.actions.act_window", "res_model": "res.users.identitycheck"}

    def _valid(self, secret: str, scope: str) -> BookKey | None:
        key = self.keys.key_of(secret)
        if key is None or self._is_over(key) or key.more["scope"] not in (None, scope):
            return None
        return key

    def _is_over(self, key: BookKey) -> bool:
        return bool(key.more["expires"] < self._clock.now())

    def _in(self, days: int) -> datetime:
        return self._clock.now() + timedelta(days=days)

    def _may_manage(self) -> None:
        if not self.programmatic:
            raise _user_error("Programmatic API keys are not enabled")

    def _not_cooling_down(self) -> None:
        since = self._clock.now() - _COOLDOWN
        if len([moment for moment in self._failures if moment > since]) >= _MOST_FAILURES:
            raise _refused(403, "odoo.exceptions.AccessDenied", "Too many login failures")

    def _fail(self, message: str) -> NoReturn:
        self._failures.append(self._clock.now())
        raise _refused(403, "odoo.exceptions.AccessDenied", message)


def _more(user: int, scope: str | None, expires: datetime) -> dict[str, Any]:
    return {"user": user, "scope": scope, "expires": expires}


def _arguments(call: Call) -> dict[str, Any]:
    try:
        given = call.json()
    except ValueError:
        given = None
    if "json" not in call.headers.get("content-type", "") or not isinstance(given, dict):
        raise _refused(400, "werkzeug.exceptions.BadRequest", "expected a JSON object")
    return given


def _named(given: dict[str, Any], name: str) -> Any:
    if name not in given:
        raise _user_error(f"missing a required argument: {name!r}")
    return given[name]


def _moment(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    except ValueError:
        raise _user_error("The API key must have an expiration date") from None


def _described(key: BookKey, fields: list[str]) -> dict[str, Any]:
    told = {
        "name": key.name,
        "scope": key.more["scope"] or False,
        "user_id": [key.more["user"], "bot"],
        "create_date": key.created_at.strftime("%Y-%m-%d %H:%M:%S"),
        "expiration_date": key.more["expires"].strftime("%Y-%m-%d %H:%M:%S"),
    }
    unknown = sorted(set(fields) - set(told))
    if unknown:
        raise _user_error(f"Invalid field {unknown[0]!r} on 'res.users.apikeys'")
    return {"id": int(key.key_id), **{name: told[name] for name in fields or told}}


def _user_error(message: str) -> Refused:
    return _refused(422, "odoo.exceptions.UserError", message)


def _refused(status: int, name: str, message: str) -> Refused:
    return Refused(_error(status, name, message))


def _error(status: int, name: str, message: str) -> Response:
    body = {"name": name, "message": message, "arguments": [message], "context": {}, "debug": ""}
    return JSONResponse(body, status_code=status)
