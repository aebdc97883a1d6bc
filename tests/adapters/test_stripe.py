"""Stripe's own ways: endpoints found by address, secrets proven by who receives the events."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from adapters import stripe
from adapters.stripe import StripeSettings
from adapters.stripe.proving import signature
from engine.errors import NotConverged, Refused
from sandbox.access import AccessLog
from sandbox.faults import Faults
from sandbox.routes import Call
from sandbox.server import Server
from sandbox.stripe import DEFAULT_VERSION, LIBRARY, takes_event
from sandbox.values import webhook_secret
from sandbox.wire import Wire
from tests.adapters import house, sky
from tests.adapters.house import RECEIVER, House


@contextmanager
def receiver(
    folder: Path, secret: str, faults: Faults | None = None, library: str = LIBRARY
) -> Iterator[str]:
    """Serve a receiver that verifies with `secret` and a library; yield its address."""

    def answer(call: Call) -> Response:
        return JSONResponse({}, status_code=200 if takes_event(call, secret, library) else 400)

    log = AccessLog(folder / "receiver.log")
    server = Server("app", Wire("app", answer, log, faults or Faults()))
    server.start()
    try:
        yield f"{server.url}/webhooks/stripe"
    finally:
        server.stop()
        log.close()


OTHER = "whsec_another_one_of_the_tests"


def prove(kept: House, url: str, expect: str, value: str = sky.MARKER, **more: str) -> str:
    given = {"endpoint": kept.old, "expect": expect, "timeout": 1, **more}
    if expect == "refused":
        given.setdefault("keep", sky.MARKER)
    return str(kept.run("stripe.probe_webhook", value=value, url=url, **given).outputs.verdict)


def test_the_endpoint_in_force_is_found_by_its_address(tmp_path: Path) -> None:
    with house.open_stripe(tmp_path) as kept:
        found = kept.run("find_key", url=RECEIVER).outputs

        assert (found.key_id, found.status) == (kept.old, "active")


def test_two_endpoints_of_one_address_or_none_are_refused(tmp_path: Path) -> None:
    with house.open_stripe(tmp_path) as kept:
        kept.mint()
        told = sky.refusal(Refused, lambda: kept.run("find_key", url=RECEIVER))

        assert told.message.startswith("2 enabled endpoints send to")
        told = sky.refusal(Refused, lambda: kept.run("find_key", url="https://other.example"))
        assert told.message.endswith("none")


def test_a_disabled_endpoint_is_not_in_force(tmp_path: Path) -> None:
    with house.open_stripe(tmp_path) as kept:
        keep = kept.mint().key_id
        kept.run("disable_key", key_id=kept.old, keep=keep)

        assert kept.run("find_key", url=RECEIVER).outputs.key_id == keep


def test_a_disabled_endpoint_will_do_where_it_is_to_be_ended_and_none_is_enabled(
    tmp_path: Path,
) -> None:
    with house.open_stripe(tmp_path) as kept:
        kept.book.change(kept.old, status="disabled")
        told = sky.refusal(Refused, lambda: kept.run("find_key", url=RECEIVER))
        assert f"the webhook that sends to {RECEIVER} is disabled already" in told.message
        assert "may_be_disabled: true" in told.hint

        found = kept.run("find_key", url=RECEIVER, may_be_disabled=True)
        assert (found.outputs.key_id, found.outputs.status) == (kept.old, "disabled")
        assert "is disabled already" in found.evidence
        keep = kept.mint().key_id
        assert kept.book.find(keep).status == "active"
        found = kept.run("find_key", url=RECEIVER, may_be_disabled=True)
        assert found.outputs.key_id == keep


def test_endpoints_beyond_the_first_page_are_seen(tmp_path: Path) -> None:
    with house.open_stripe(tmp_path) as kept:
        more = dict(kept.book.find(kept.old).more)
        for number in range(120):
            key = kept.book.create(f"filler-{number}", webhook_secret(), more)
            kept.book.change(key.key_id, status="disabled")

        assert kept.run("find_key", url=RECEIVER).outputs.key_id == kept.old


def test_an_endpoint_of_a_connect_application_is_not_copied(tmp_path: Path) -> None:
    def change(call: Call, given: Response) -> Response:
        return JSONResponse({"application": "ca_1"}) if "we_" in call.path else given

    with house.open_stripe(tmp_path, change) as kept:
        assert "Connect application" in sky.refusal(Refused, kept.mint).message
        assert kept.book.created == 0


def test_a_full_account_says_so(tmp_path: Path) -> None:
    with house.open_stripe(tmp_path) as kept:
        for number in range(14):
            kept.book.create(f"filler-{number}", webhook_secret(), kept.book.find(kept.old).more)

        assert "room for some endpoints" in sky.refusal(Refused, kept.mint).hint


def test_a_signature_is_made_as_stripe_says() -> None:
    wanted = hmac.new(b"whsec_test", b'12.{"a":1}', hashlib.sha256).hexdigest()

    assert signature(sky.secret("whsec_test"), 12, '{"a":1}') == wanted


def test_the_receiver_tells_which_secret_it_holds(tmp_path: Path) -> None:
    with house.open_stripe(tmp_path) as kept, receiver(tmp_path, sky.MARKER) as url:
        assert prove(kept, url, "accepted") == "accepted"
        assert prove(kept, url, "refused", OTHER) == "refused"
        told = sky.refusal(NotConverged, partial(prove, kept, url, "refused"))

    assert "answered 200" in told.message


def test_the_event_is_of_the_version_of_the_endpoint_or_else_of_the_accounts(
    tmp_path: Path,
) -> None:
    with house.open_stripe(tmp_path) as kept:
        more = dict(kept.book.find(kept.old).more)
        plain = kept.book.create("plain", OTHER, {**more, "api_version": None}).key_id
        pinned = StripeSettings(
            url=kept.url, secret_key_file=kept.folder / "key", version="2024-06-20"
        )
        for library, endpoint in ((LIBRARY, kept.old), (DEFAULT_VERSION, plain)):
            with receiver(tmp_path, sky.MARKER, library=library) as url:
                assert prove(kept, url, "accepted", endpoint=endpoint) == "accepted"
                kept.offer(stripe.steps(pinned))
                assert prove(kept, url, "accepted", endpoint=endpoint) == "accepted"


def test_an_account_that_tells_no_version_is_refused(tmp_path: Path) -> None:
    def change(_: Call, given: Response) -> Response:
        del given.headers["Stripe-Version"]
        return given

    with house.open_stripe(tmp_path, change) as kept:
        more = {**kept.book.find(kept.old).more, "api_version": None}
        kept.book.change(kept.old, more=more)
        act = partial(prove, kept, "https://www.example.org/", "accepted")

        assert "default version" in sky.refusal(Refused, act).message


def test_a_receiver_that_refuses_every_event_proves_no_secret_refused(tmp_path: Path) -> None:
    with (
        house.open_stripe(tmp_path) as kept,
        receiver(tmp_path, sky.MARKER, library="2024-09-30.acacia") as url,
    ):
        told = sky.refusal(NotConverged, partial(prove, kept, url, "refused", OTHER))
        assert "answered 400" in told.message
        assert told.message.endswith("which is not accepted")
        told = sky.refusal(NotConverged, partial(prove, kept, url, "accepted"))

    assert LIBRARY in told.message
    assert f"take events of version {LIBRARY}" in told.hint


def test_a_secret_is_proven_refused_beside_the_one_in_force_alone(tmp_path: Path) -> None:
    with house.open_stripe(tmp_path) as kept, pytest.raises(ValidationError, match="needs `keep`"):
        kept.run(
            "stripe.probe_webhook", value=OTHER, url=RECEIVER, endpoint="we_1", expect="refused"
        )


def test_a_new_endpoint_has_the_metadata_of_the_old_one_and_its_own_name(tmp_path: Path) -> None:
    with house.open_stripe(tmp_path) as kept:
        marks = {"team": "web", "managed by": "terraform", "runbook": "of an earlier run"}
        kept.book.change(kept.old, more={**kept.book.find(kept.old).more, "metadata": marks})

        made = kept.mint()

        told = kept.book.find(made.key_id).more["metadata"]
        assert told == {**marks, "runbook": made.key_name}


@pytest.mark.parametrize("expect", ["accepted", "refused"])
def test_a_receiver_that_fails_proves_nothing(tmp_path: Path, expect: str) -> None:
    faults = Faults()
    faults.add("app", "status", status=503, times=None)
    with house.open_stripe(tmp_path) as kept, receiver(tmp_path, sky.MARKER, faults) as url:
        told = sky.refusal(NotConverged, partial(prove, kept, url, expect))

    assert "neither accepted nor refused" in told.message


def test_an_address_with_a_password_in_it_is_refused(tmp_path: Path) -> None:
    with house.open_stripe(tmp_path) as kept, pytest.raises(ValidationError, match="url"):
        prove(kept, "https://user:password@example.org/", "accepted")


def test_no_secret_is_told_or_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with sky.all_logs(caplog), house.open_stripe(tmp_path) as kept:
        made = kept.mint()
        with receiver(tmp_path, made.value.get_secret_value()) as url:
            new = made.value.get_secret_value()
            prove(kept, url, "accepted", new)
            prove(kept, url, "refused", keep=new)

    said = "\n".join(record.getMessage() for record in caplog.records)
    for secret in (made.value.get_secret_value(), house.MANAGEMENT):
        assert secret not in said


def test_a_key_is_alive_until_it_expires(tmp_path: Path) -> None:
    with house.open_stripe(tmp_path) as kept:
        given = {"value": house.KEY, "timeout": 1}

        assert (
            kept.run("stripe.probe_key", expect="accepted", **given).outputs.verdict == "accepted"
        )
        given["value"] = "rk_live_another"
        assert kept.run("stripe.probe_key", expect="refused", **given).outputs.verdict == "refused"


def test_a_key_that_may_not_read_the_balance_is_neither_good_nor_dead(tmp_path: Path) -> None:
    with house.open_stripe(tmp_path) as kept:
        kept.fail("status", status=403, times=None)
        for expect in ("accepted", "refused"):
            given = {"value": house.KEY, "expect": expect, "timeout": 1}
            told = sky.refusal(NotConverged, partial(kept.run, "stripe.probe_key", **given))

            assert "alive but may not do this" in told.message


def test_what_is_not_set_is_named() -> None:
    told = sky.refusal(Refused, lambda: stripe.check(StripeSettings()))

    assert "stripe.secret_key_file" in told.hint
