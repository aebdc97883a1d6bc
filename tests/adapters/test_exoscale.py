"""Exoscale's protocol: what is signed, what a pair is answered, and what is let out of it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from starlette.responses import JSONResponse, Response

from adapters import exoscale
from adapters.exoscale import ExoscaleSettings
from adapters.exoscale.signing import Pair, Signature, authorization
from adapters.shared import clock
from engine.errors import NotConverged, Refused, Transient
from sandbox.exoscale import DNS_ROLE, SKS_ROLE
from sandbox.routes import Call
from tests.adapters import house, sky
from tests.adapters.house import PAIRED, PREFIX

ENDS = 1_599_140_767
EXAMPLE = "https://api-ch-gva-2.exoscale.com/v2/resource/a02baf5a-a3e4-49a0-857b-8a08d276c1c0"
"""The vendor's own example, from its page "API Request Signature"."""
SIGNED = (
    "EXO2-HMAC-SHA256 credential=example-key,signed-query-args=p1;p2,"
    f"expires={ENDS},signature=vPVxcXrf2my0TLdJ8WPIGa/vLld+FiJN+xtMs/vofHg="
)


@pytest.mark.parametrize("query", ["p1=v1&p2=v2", "p2=v2&p1=v1"])
def test_a_request_is_signed_as_a_published_example_is(query: str) -> None:
    pair = Pair("example-key", SecretStr("example-secret"))

    assert authorization(pair, httpx.Request("GET", f"{EXAMPLE}?{query}"), ENDS) == SIGNED


def test_arguments_given_twice_are_not_signed_and_the_body_is() -> None:
    pair = Pair("example-key", SecretStr("example-secret"))
    one = httpx.Request("POST", f"{EXAMPLE}?p1=v1&p1=v2", content=b"a")
    other = httpx.Request("POST", f"{EXAMPLE}?p1=v1&p1=v2", content=b"b")

    assert "signed-query-args" not in authorization(pair, one, ENDS)
    assert authorization(pair, one, ENDS) != authorization(pair, other, ENDS)


def test_a_key_that_cannot_stand_in_a_header_is_refused_before_anything_is_sent() -> None:
    told = sky.refusal(Refused, lambda: Signature(Pair("EXO\nX-Other: 1", sky.secret())))

    assert "characters" in told.message


def test_a_new_key_has_the_role_of_the_old_one_and_a_secret_of_its_own(tmp_path: Path) -> None:
    with house.open_exoscale(tmp_path) as kept:
        made = kept.mint()

        assert kept.book.find(made.key_id).more == {"role-id": DNS_ROLE}
        assert made.value.get_secret_value() != sky.MARKER


def test_the_key_is_found_by_itself(tmp_path: Path) -> None:
    with house.open_exoscale(tmp_path) as kept:
        assert kept.run("find_key", value=PAIRED).outputs.key_id == PAIRED
        sky.refusal(Refused, lambda: kept.run("find_key", value=PAIRED[:-1]))


@pytest.mark.parametrize(
    ("key", "secret", "verdict"),
    [
        (PAIRED, sky.MARKER, "accepted"),
        (PAIRED, "of another pair", "refused"),
        ("EXO000000000000000000000000", sky.MARKER, "refused"),
    ],
)
def test_a_pair_is_judged_by_both_halves(
    tmp_path: Path, key: str, secret: str, verdict: str
) -> None:
    with house.open_exoscale(tmp_path) as kept:
        done = kept.run("probe_key", key=key, value=secret, expect=verdict, timeout=1)

        assert done.outputs.verdict == verdict
        assert secret not in done.evidence


@pytest.mark.parametrize("expect", ["accepted", "refused"])
def test_a_role_that_does_not_allow_the_question_proves_nothing(
    tmp_path: Path, expect: str
) -> None:
    with house.open_exoscale(tmp_path) as kept, clock.hastened(shorter=100, longer=10):
        kept.book.change(PAIRED, more={"role-id": SKS_ROLE})
        given = {"key": PAIRED, "value": sky.MARKER, "expect": expect, "timeout": 1}

        told = sky.refusal(NotConverged, lambda: kept.run("probe_key", **given))

        assert "alive" in told.message
        given["reads"] = "list-sks-clusters"
        if expect == "accepted":
            assert kept.run("probe_key", **given).outputs.verdict == "accepted"


@pytest.mark.parametrize("expect", ["accepted", "refused"])
def test_another_answer_than_that_to_a_stranger_proves_nothing(tmp_path: Path, expect: str) -> None:
    def change(call: Call, answer: Response) -> Response:
        is_old = PAIRED in call.headers.get("authorization", "")
        return JSONResponse({"message": "Come back later"}, 403) if is_old else answer

    with house.open_exoscale(tmp_path, change) as kept, clock.hastened(shorter=100, longer=10):
        given = {"key": PAIRED, "value": sky.MARKER, "expect": expect, "timeout": 1}
        told = sky.refusal(NotConverged, lambda: kept.run("probe_key", **given))

    assert "neither" in told.message


@pytest.mark.parametrize("status", [200, 404])
def test_what_lets_a_stranger_in_proves_nothing(tmp_path: Path, status: int) -> None:
    def change(_call: Call, _answer: Response) -> Response:
        return JSONResponse({"dns-domains": []}, status)

    with house.open_exoscale(tmp_path, change) as kept:
        for expect in ("accepted", "refused"):
            given = {"key": PAIRED, "value": sky.MARKER, "expect": expect, "timeout": 1}
            told = sky.refusal(Refused, partial(kept.run, "probe_key", **given))
            assert "made up" in told.message


def test_an_answer_that_names_the_key_is_compared_without_it(tmp_path: Path) -> None:
    def change(call: Call, answer: Response) -> Response:
        name = call.headers["authorization"].partition("credential=")[2].partition(",")[0]
        return (
            JSONResponse({"message": f"no key {name}"}, 401)
            if answer.status_code == 403
            else answer
        )

    with house.open_exoscale(tmp_path, change) as kept:
        done = kept.run("probe_key", key="EXOgone", value="gone", expect="refused", timeout=1)

    assert done.outputs.verdict == "refused"


def test_a_deletion_that_takes_its_time_is_waited_for(tmp_path: Path) -> None:
    kept_in_list = [2]

    def change(call: Call, answer: Response) -> Response:
        is_list = call.method == "GET" and call.path == "/v2/api-key"
        if not is_list or PAIRED in bytes(answer.body).decode() or not kept_in_list[0]:
            return answer
        kept_in_list[0] -= 1
        keys = json.loads(bytes(answer.body))["api-keys"]
        return JSONResponse(
            {"api-keys": [*keys, {"key": PAIRED, "name": "x", "role-id": DNS_ROLE}]}
        )

    with house.open_exoscale(tmp_path, change) as kept, clock.hastened(shorter=100, longer=1):
        keep = kept.mint().key_id
        kept.run("delete_key", key_id=PAIRED, keep=keep, name=PREFIX)

    assert kept_in_list == [0]


def test_a_deletion_that_never_ends_is_told(tmp_path: Path) -> None:
    def change(call: Call, answer: Response) -> Response:
        if call.method == "DELETE":
            return JSONResponse({"id": "1", "state": "pending"})
        return answer

    with house.open_exoscale(tmp_path, change) as kept, clock.hastened(shorter=100, longer=100):
        keep = kept.mint().key_id
        kept.fail("status", method="DELETE", status=404)
        given = {"key_id": PAIRED, "keep": keep, "name": PREFIX}

        told = sky.refusal(Transient, lambda: kept.run("delete_key", **given))

    assert "still lists" in told.message


def test_a_deletion_that_ends_badly_is_refused(tmp_path: Path) -> None:
    def change(call: Call, answer: Response) -> Response:
        return JSONResponse({"state": "failure"}) if call.method == "DELETE" else answer

    with house.open_exoscale(tmp_path, change) as kept:
        given = {"key_id": PAIRED, "keep": kept.mint().key_id, "name": PREFIX}
        told = sky.refusal(Refused, lambda: kept.run("delete_key", **given))

    assert "ended badly" in told.message


@pytest.mark.parametrize(
    "answer",
    [{"key": "EXO1", "name": "x"}, {"key": "EXO1", "secret": ""}, {"secret": "s"}, {"secret": 1}],
)
def test_a_key_that_is_told_in_another_form_is_refused(
    tmp_path: Path, answer: dict[str, object]
) -> None:
    def change(call: Call, said: Response) -> Response:
        return JSONResponse(answer) if call.method == "POST" else said

    with house.open_exoscale(tmp_path, change) as kept:
        assert "unknown to us" in sky.refusal(Refused, kept.mint).message


def test_the_engines_own_key_is_never_deleted(tmp_path: Path) -> None:
    with house.open_exoscale(tmp_path) as kept:
        made = kept.mint().model_copy(update={"key_id": house.OWN_PAIR[0]})
        told = sky.refusal(Refused, lambda: kept.undo("mint_key", made, like=kept.old, name=PREFIX))

    assert "the engine itself" in told.message


def test_no_secret_is_in_a_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with sky.all_logs(caplog), house.open_exoscale(tmp_path) as kept:
        given = {"key": PAIRED, "value": sky.MARKER, "timeout": 1}
        kept.run("probe_key", expect="accepted", **given)
        made = kept.mint()
        kept.run("delete_key", key_id=PAIRED, keep=made.key_id, name=PREFIX)
        kept.run("probe_key", expect="refused", **given)

    said = "".join(record.getMessage() for record in caplog.records)
    assert made.value.get_secret_value() not in said
    assert house.OWN_PAIR[1] not in said


def test_a_credential_of_one_half_is_told_with_the_settings_it_lacks(tmp_path: Path) -> None:
    half = tmp_path / "key"
    half.write_text("EXO1")
    for settings in (ExoscaleSettings(), ExoscaleSettings(key_file=half)):
        told = sky.refusal(Refused, partial(exoscale.check, settings))
        assert "exoscale.secret_file" in told.hint


def test_doctor_hears_how_many_keys_there_are(tmp_path: Path) -> None:
    with house.open_exoscale(tmp_path) as kept:
        key, secret = (kept.file(f"own-{n}", text) for n, text in enumerate(house.OWN_PAIR))
        settings = ExoscaleSettings(url=kept.url, key_file=key, secret_file=secret)
        assert "lists 2 keys" in exoscale.check(settings)

        secret.write_text("of another pair")
        assert "one pair" in sky.refusal(Refused, lambda: exoscale.check(settings)).hint
