"""A world keeps its values to itself, and ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from base64 import b64encode
from pathlib import Path

import httpx
import pytest

from sandbox.layout import SOPS_FILE
from sandbox.programs import find_program
from sandbox.sopsfile import decrypt_tree
from sandbox.state import describe_agreement
from sandbox.world import World

ROOT = Path(__file__).parents[2]


def git(world: World, *arguments: str) -> bytes:
    command = [find_program("git"), "--git-dir", str(world.layout.remote), *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 - fixed


def test_no_seeded_value_lies_in_clear_outside_keys_and_credentials(world: World) -> None:
    client = world.credentials.vaultwarden_client_secret.encode()
    world.set_as_human("redis.password", "a-new-value-by-hand")
    httpx.get(f"{world.urls['app']}/health/redis")
    private = (world.layout.keys, world.layout.credentials)
    files = [
        path
        for path in world.layout.root.rglob("*")
        if path.is_file() and not any(path.is_relative_to(folder) for folder in private)
    ]
    everything = b"".join(path.read_bytes() for path in files)
    everything += git(world, "cat-file", "--batch", "--batch-all-objects")  # what zlib hides

    values = [value.encode() for value in (*world.values.values(), "a-new-value-by-hand")]
    found = [v for v in (*values, client) if v in everything or b64encode(v) in everything]
    assert len(files) > 10
    assert b"Describe the platform" in everything
    assert found == []


def test_sops_file_opens_for_engine_operator_and_staff(world: World) -> None:
    encrypted = world.remote.file(SOPS_FILE)
    assert encrypted is not None

    trees = [
        decrypt_tree(encrypted, world.layout.age_key(who))
        for who in ("engine", "operator", "staff")
    ]

    assert trees[0] == trees[1] == trees[2]
    assert trees[0]["matomo.admin_password"] == world.values["matomo.admin_password"]


def test_private_files_are_readable_by_their_owner_only(world: World) -> None:
    private = [*world.layout.keys.iterdir(), *world.layout.credentials.iterdir()]
    private.append(world.layout.kubeconfig)

    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o400}
    assert all(
        len(path.read_text().splitlines()) == 1 for path in world.layout.credentials.iterdir()
    )


def test_map_of_the_world_holds_no_secret(world: World) -> None:
    text = world.layout.world_json.read_text()
    secrets = [*world.values.values(), *vars(world.credentials).values()]

    assert json.loads(text)["urls"] == world.urls
    assert not [value for value in secrets if value in text]


def test_access_log_has_one_line_a_request_and_no_query(world: World) -> None:
    httpx.get(f"{world.urls['app']}/healthz", params={"token": "do-not-log"})
    line = world.layout.access_log.read_text().splitlines()[-1]

    assert line.split(" ")[1:] == ["app", "GET", "/healthz", "200"]


def test_chosen_values_are_used_and_all_places_agree(tmp_path: Path) -> None:
    chosen = {"ai_agents.anthropic_api_key": "sk-ant-api03-a-marker-for-this-test-AA"}
    with World.create(tmp_path / "world", chosen) as world:
        assert world.vaultwarden.value("Anthropic API key") == next(iter(chosen.values()))
        assert all(all(places.values()) for places in describe_agreement(world).values())


def test_unknown_path_and_full_directory_are_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no redis\.color"):
        World.create(tmp_path / "new", {"redis.color": "red"})
    with pytest.raises(FileExistsError, match="not empty"):
        World.create(world.layout.root)


def test_closed_world_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    world = World.create(tmp_path / "world")
    httpx.get(f"{world.urls['app']}/healthz")
    world.close()
    world.close()

    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_program_says_ready_and_leaves_nothing_behind(
    tmp_path: Path, ending: signal.Signals
) -> None:
    directory = tmp_path / "world"
    command = [sys.executable, "-m", "sandbox", "--directory", str(directory)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    with subprocess.Popen(  # noqa: S603 - this project's own program
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as program:
        assert program.stdout is not None
        word, _, path = program.stdout.readline().strip().partition(" ")
        urls = json.loads(Path(path).read_text())["urls"]
        assert httpx.post(f"{urls['app']}/chat", json={}).status_code == 200
        program.send_signal(ending)
        _, errors = program.communicate(timeout=20)

    assert (word, program.returncode, errors) == ("ready", 0, "")
    assert list(tmp_path.iterdir()) == []


def test_push_can_be_refused_or_taken_without_a_reply(world: World, tmp_path: Path) -> None:
    commit = world.remote.head()

    def push(branch: str) -> int:
        command = [find_program("git"), "-C", str(world.layout.remote), "push", "-q"]
        command += [world.layout.remote.as_uri(), f"{commit}:refs/heads/{branch}"]
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        ended = subprocess.run(command, check=False, capture_output=True, env=environment)  # noqa: S603 - fixed
        return ended.returncode

    world.remote.break_pushes("refuse")
    assert (push("refused"), "refused" in world.remote.branches()) == (1, False)
    world.remote.break_pushes("lose")
    assert push("lost") != 0
    assert world.remote.branches()["lost"] == commit
    world.remote.break_pushes(None)
    assert push("good") == 0
