"""A value that the rules of its file leave in clear gets to no disk, not even for a moment."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from adapters.shared import command
from adapters.sops import SopsSettings
from engine.errors import Refused
from engine.step import Done
from tests.adapters import infra as world
from tests.adapters.infra import Infra

FILE = "infra/secrets/rules.enc.yaml"
BROUGHT = "a-value-that-was-brought-0123456789"
TREE = {"redis": {"password": "redis-old", "webhook_sealed": "sealed-old", "spare": None}}


@pytest.fixture
def infra(tmp_path: Path) -> Infra:
    return world.build(tmp_path)


@pytest.fixture
def seen(infra: Infra) -> Path:
    """What sops had left in the folder it worked in, each time it had set a value."""
    return infra.root / "seen"


def watched(infra: Infra, seen: Path) -> SopsSettings:
    real = command.find("sops").path
    body = f'"{real}" "$@"; code=$?\n[ "$1" = set ] && cat .runbook-* *.yaml >> "{seen}" 2>&1'
    script = world.program(infra.root / "bin" / "sops", f"#!/bin/sh\n{body}\nexit $code\n")
    return SopsSettings(age_key_file=infra.keys["engine"], binary=script)


RULES = [
    (("--unencrypted-suffix", "_plain"), "redis.webhook_plain"),
    (("--unencrypted-suffix", "_plain"), "hooks_plain.webhook"),
    (("--encrypted-suffix", "_sealed"), "redis.webhook"),
    (("--unencrypted-regex", r"^web\w+$"), "redis.webhook"),
    (("--encrypted-regex", r"(?i)PASSWORD|\Asealed\z"), "redis.webhook"),
    (("--encrypted-regex", "^webhook_sealed$"), "redis.spare"),
    ((), "redis.webhook_unencrypted"),
]


@pytest.mark.parametrize(("rule", "path"), RULES)
def test_a_value_that_would_lie_in_clear_is_refused_before_it_is_written(
    infra: Infra, seen: Path, rule: tuple[str, ...], path: str
) -> None:
    infra.commit({FILE: infra.encrypt(TREE, FILE, *rule)})
    refuse(infra, seen, path)


def test_a_rule_about_comments_holds_as_well(infra: Infra, seen: Path) -> None:
    target = infra.work(FILE, b"redis:\n  # sealed\n  password: redis-old\n")
    reader = str(world.identity_of(infra.keys["engine"]).to_public())
    rule = {"age": reader, "encrypted_comment_regex": "sealed"}
    (target.parent / ".sops.yaml").write_text(yaml.safe_dump({"creation_rules": [rule]}))
    sops = [str(command.find("sops").path), "--disable-version-check", "encrypt", target.name]
    infra.commit({FILE: world.run_program(sops, target.parent)})

    refuse(infra, seen, "redis.webhook")


def refuse(infra: Infra, seen: Path, path: str) -> None:
    """See that the value is refused, by preflight and step, and never was on a disk."""
    step = infra.steps(watched(infra, seen))["sops.set"]
    place = {"at": {"file": FILE, "path": path}, "new": not path.endswith("spare")}

    with pytest.raises(Refused, match="kept in clear by the rules"):
        world.look(step, **place)
    with pytest.raises(Refused, match="kept in clear by the rules"):
        step.run(world.params(step, value=BROUGHT, **place), world.call())
    assert "a word that opens nothing" in seen.read_text(), "the watch works"
    assert BROUGHT not in seen.read_text()
    assert infra.branches() == {"main"}


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        (("--encrypted-suffix", "_sealed"), "hooks_sealed.webhook"),
        (("--encrypted-regex", "^(redis|hooks)$"), "hooks.webhook"),
        (("--encrypted-regex", "^(redis|hooks)$"), "redis.webhook"),
        ((), "redis.unencrypted_webhook"),
    ],
)
def test_a_value_that_the_rules_encrypt_is_written(
    infra: Infra, rule: tuple[str, ...], path: str
) -> None:
    infra.commit({FILE: infra.encrypt(TREE, FILE, *rule)})
    step = infra.steps()["sops.set"]
    given = {"at": {"file": FILE, "path": path}, "new": True}

    assert "can be set" in world.look(step, **given)
    step.run(world.params(step, value=BROUGHT, **given), world.call())
    assert isinstance(
        world.probe(step, world.params(step, value=BROUGHT, **given), world.call()), Done
    )


def test_rules_that_change_before_the_publication_keep_the_value_off_main(
    infra: Infra, seen: Path
) -> None:
    infra.commit({FILE: infra.encrypt(TREE, FILE)})
    steps = infra.steps(watched(infra, seen))
    at = {"file": FILE, "path": "redis.webhook"}
    step, publish = steps["sops.set"], steps["git.publish"]
    step.run(world.params(step, value=BROUGHT, at=at, new=True), world.call())
    infra.commit({FILE: infra.encrypt(TREE, FILE, "--unencrypted-regex", "^webhook$")})
    seen.unlink()

    with pytest.raises(Refused, match="kept in clear by the rules"):
        publish.run(world.params(publish), world.call(step="publish"))
    assert BROUGHT not in seen.read_text()
