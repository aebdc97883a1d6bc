"""Values of several lines: in both stores byte for byte, whatever YAML would rather make of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from adapters.drift import compare_stores
from engine.drift import State
from engine.step import Done
from tests.adapters import infra as world
from tests.adapters.infra import FILE, MANIFEST, Infra
from tests.adapters.vault import Hand, VaultWorld
from tests.stores import item_of, stores

KEY = "-----BEGIN A KEY-----\nb3BlbnNzaC1rZXktdjEA\nAAAABG5vbmUAAAAEbm9u\n-----END A KEY-----\n"
KUBECONFIG = yaml.safe_dump({
    "apiVersion": "v1",
    "clusters": [{"name": "sks", "cluster": {"server": "https://sks.example.com:6443"}}],
    "users": [{"name": "engine", "user": {"token": "a-token-that-nobody-has: # really"}}],
})  # fmt: skip
LINES = {
    "key": KEY,
    "key without its last line break": KEY.removesuffix("\n"),
    "kubeconfig": KUBECONFIG,
    "one line and its break": "a-single-line-of-a-file\n",
    "tabs": "first\tcolumn\n\tsecond line\n\t\tthird line\n",
    "indents": "first\n    second, deeper\n  third\n",
    "ends in spaces": "first  \nsecond \t\nthird\n",
    "empty lines": "first\n\n\nfourth\n",
    "signs of YAML": "--- # a\n...\n- 'b': \"c\"\n? |\n%TAG ! d\n&e *f\n",
    "long lines": f"{'a word ' * 40}\n{'x' * 300}\nend\n",
    "other alphabets": "größe: →\n鍵\n",
}
values = pytest.mark.parametrize("value", LINES.values(), ids=LINES.keys())
BRAND_NEW = {"file": FILE, "path": "ssh.deploy_key"}


@pytest.fixture
def infra(tmp_path: Path) -> Infra:
    return world.build(tmp_path)


@values
def test_sops_and_whoever_decrypts_the_file_give_it_back(infra: Infra, value: str) -> None:
    step = infra.steps()["sops.set"]
    given = world.params(step, value=value, at=BRAND_NEW, new=True)
    step.run(given, world.call())
    world.publish(infra)
    reading = infra.steps()["sops.read"]
    read = reading.run(world.params(reading, at=BRAND_NEW), world.call())

    assert isinstance(world.probe(step, given, world.call()), Done)
    assert read.outputs.value.get_secret_value() == value
    assert infra.values()["ssh"] == {"deploy_key": value}  # from the YAML that sops prints


@pytest.mark.parametrize("place", ["data.token", "stringData.plain"])
def test_a_manifest_for_the_cluster_holds_it_too(infra: Infra, place: str) -> None:
    at = {"file": MANIFEST, "path": place}
    world.store(infra, value=KEY, at=at)
    world.publish(infra)
    reading = infra.steps()["sops.read"]

    read = reading.run(world.params(reading, at=at), world.call())
    assert read.outputs.value.get_secret_value() == KEY


@values
def test_the_vault_gives_it_back(tmp_path: Path, value: str) -> None:
    with VaultWorld(tmp_path) as vault:
        hand, at = Hand(vault), {"item": "Deploy key"}
        given = hand.params(SecretStr(value), at=at, new=True)
        hand.run(given)
        read = Hand(vault, "read")

        assert vault.vaultwarden.value("Deploy key") == value
        assert isinstance(hand.probe(given), Done)
        assert read.run(read.params(None, at=at)).outputs.value.get_secret_value() == value


@pytest.fixture
def states(tmp_path: Path) -> Iterator[dict[str, State]]:
    with stores(tmp_path, count=len(LINES) + 1) as pair:
        names = dict(zip(LINES, list(pair.values), strict=False))
        other = list(pair.values)[-1]
        pair.values |= {names[title]: value for title, value in LINES.items()}
        pair.values[other] = KEY
        for name, value in pair.values.items():
            pair.vault.vaultwarden.edit_as_human(item_of(name), value)
        pair.vault.vaultwarden.edit_as_human(item_of(other), KEY.removesuffix("\n"))
        pair.commit(pair.tree())
        rows = {row.secret: row.state for row in compare_stores(pair.platform)}
        yield {**{title: rows[name] for title, name in names.items()}, "other": rows[other]}


def test_drift_takes_equal_for_equal_and_a_lost_line_break_for_a_difference(
    states: dict[str, State],
) -> None:
    assert states.pop("other") is not State.EQUAL
    assert states == dict.fromkeys(LINES, State.EQUAL)
