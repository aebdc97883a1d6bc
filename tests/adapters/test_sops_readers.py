"""`sops.add_reader`, `sops.remove_reader` and `sops.check_reader` with real sops, git and keys."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from adapters.sops import SopsSettings
from adapters.sops.datakeys import data_key
from adapters.sops.document import parse
from engine.errors import NotConverged, Refused, RunbookError
from engine.step import Done, NotYet
from tests.adapters import circle as made
from tests.adapters import infra as world
from tests.adapters.circle import BANK, FORGOTTEN, OPERATOR_ONLY, PULSE, Circle

FILES = (PULSE, BANK, OPERATOR_ONLY, FORGOTTEN)


def remove(circle: Circle, **calling: Any) -> Any:
    step = circle.steps()["sops.remove_reader"]
    given = world.params(step, recipients=circle.recipient("leaver"))
    return step.run(given, world.call(secret="", about="nina", **calling)).outputs


def add(circle: Circle, *rules: str, **calling: Any) -> Any:
    step = circle.steps()["sops.add_reader"]
    given = world.params(step, recipient=circle.recipient("newcomer"), name="nina", rules=rules)
    return step.run(given, world.call(secret="", about="nina", **calling)).outputs


def probe(circle: Circle, name: str, owner: str, **more: Any) -> Any:
    step = circle.steps()[name]
    given = world.params(step, recipients=circle.recipient(owner), **more)
    return world.probe(step, given, world.call())


def test_who_left_opens_no_head_and_everybody_else_opens_all_they_could(circle: Circle) -> None:
    before = {file: circle.read(file) for file in FILES}

    outputs = remove(circle)

    assert outputs.commit == circle.head()
    for file in FILES:
        assert circle.can_open("leaver", before[file], file) is (file != OPERATOR_ONLY)
        assert not circle.can_open("leaver", circle.read(file), file)
        assert circle.can_open("engine", circle.read(file), file)
        assert circle.can_open("operator", circle.read(file), file)


def test_a_key_wrapped_for_them_before_opens_no_head(circle: Circle) -> None:
    """Whoever kept the data key must not open what is written later: updatekeys alone keeps it."""
    was = yaml.safe_load(circle.read(PULSE))["sops"]["age"]
    kept = [each for each in was if each["recipient"] == circle.recipient("leaver")]
    only_rewrapped = _with(circle.rewrapped(PULSE), kept)

    remove(circle)

    assert circle.can_open("leaver", only_rewrapped)
    assert not circle.can_open("leaver", _with(circle.read(PULSE), kept))


def _with(raw: bytes, entries: list[Any]) -> bytes:
    document = yaml.safe_load(raw)
    document["sops"]["age"] += entries
    return yaml.safe_dump(document, sort_keys=False).encode()


def test_all_is_one_commit_and_comments_and_values_stay(circle: Circle) -> None:
    before = circle.head()
    values = {file: circle.values(file=file) for file in FILES}

    outputs = remove(circle)

    assert circle.in_remote("rev-parse", "main^") == before
    assert set(outputs.files) == {".sops.yaml", PULSE, BANK, FORGOTTEN}
    wanted = circle.rules().replace("          - *leaver  # since spring\n", "")
    wanted = wanted.replace(f"  - &leaver {circle.recipient('leaver')}  # a laptop\n", "")
    assert circle.read(".sops.yaml").decode() == wanted
    assert {file: circle.values(file=file) for file in FILES} == values
    message = circle.in_remote("log", "-1", "--format=%B", "main")
    assert f"Runbook-Reader: -{circle.recipient('leaver')}" in message
    assert message.startswith("take out nina")


def test_done_a_second_time_changes_nothing(circle: Circle) -> None:
    assert isinstance(probe(circle, "sops.remove_reader", "leaver"), NotYet)
    first = remove(circle, key="run-1/out")
    assert isinstance(probe(circle, "sops.remove_reader", "leaver"), Done)

    again = remove(circle, key="run-1/out")

    assert again == first
    assert circle.head() == first.commit


def test_a_file_that_was_only_rewrapped_gets_its_new_data_key(circle: Circle) -> None:
    rules = circle.rules().replace("          - *leaver  # since spring\n", "").encode()
    circle.commit({".sops.yaml": rules, BANK: circle.rewrapped(BANK)})

    outputs = remove(circle)

    was, now = (parse(circle.read(BANK, name), BANK) for name in ("main^", "main"))
    assert BANK in outputs.files
    assert data_key(was, circle.keys["engine"]) != data_key(now, circle.keys["engine"])


def test_a_push_in_between_is_built_upon(circle: Circle) -> None:
    pushed: list[str] = []

    def colleague(text: str) -> None:
        pushed.append(text)

    circle.commit({"notes.md": b"one"})
    step = circle.steps()["sops.remove_reader"]
    given = world.params(step, recipients=circle.recipient("leaver"))
    racing = _Racing(circle)
    with racing:
        outputs = step.run(given, world.call(secret="", about="nina", report=colleague)).outputs

    assert pushed == ["someone else pushed first, try 1 of 8"]
    assert circle.values()["redis"]["password"] == "set-meanwhile"
    assert circle.in_remote("rev-parse", "main") == outputs.commit
    assert not circle.can_open("leaver", circle.read(PULSE))


class _Racing:
    """Lets a colleague's commit arrive at the remote just before the first push does."""

    def __init__(self, circle: Circle) -> None:
        self._circle = circle

    def __enter__(self) -> None:
        circle = self._circle
        circle.commit(
            {PULSE: circle.edited('["redis"]["password"]', "set-meanwhile", PULSE)}, "theirs"
        )
        commit = circle.head("theirs")
        base = circle.head()
        circle.in_remote("update-ref", "-d", "refs/heads/theirs")
        tree = circle.in_remote("rev-parse", f"{commit}^{{tree}}")
        blob = circle.in_remote("rev-parse", f"{commit}:{PULSE}")
        assert tree
        circle.in_remote("read-tree", base)
        circle.in_remote("update-index", "--cacheinfo", f"100644,{blob},{PULSE}")
        made_tree = circle.in_remote("write-tree")
        theirs = circle.in_remote(
            "-c", "user.name=Petra", "-c", "user.email=p@example.org",
            "commit-tree", made_tree, "-p", base, "-m", "meanwhile",
        )  # fmt: skip
        world.program(
            circle.remote / "hooks" / "pre-receive",
            "#!/bin/sh\nwhile read old new ref; do\n"
            f'if [ "$old" = {base} ]; then unset GIT_QUARANTINE_PATH; '
            f"git update-ref refs/heads/main {theirs}; fi\ndone\n",
        )

    def __exit__(self, *_: object) -> None:
        (self._circle.remote / "hooks" / "pre-receive").unlink()


def test_a_waiting_branch_that_they_can_read_is_named_and_nothing_happens(circle: Circle) -> None:
    world.store(circle, "new-value", {"file": PULSE, "path": "redis.password"})
    before = circle.head()

    with pytest.raises(Refused, match="rotate/run-1 can be read by the one who leaves"):
        remove(circle)

    assert circle.head() == before


def test_the_engine_and_kept_readers_cannot_be_taken_out(circle: Circle) -> None:
    kept = SopsSettings(
        age_key_file=circle.keys["engine"], keep_readers=(circle.recipient("operator"),)
    )
    step = circle.steps(kept)["sops.remove_reader"]
    for owner in ("engine", "operator"):
        given = world.params(step, recipients=circle.recipient(owner))
        with pytest.raises(Refused, match="may not be taken out"):
            step.run(given, world.call())


def test_a_recipient_that_never_was_a_reader_is_not_taken_for_one_that_is_out(
    circle: Circle,
) -> None:
    step = circle.steps()["sops.remove_reader"]

    with pytest.raises(Refused, match="nobody was ever a reader as age1"):
        world.look(step, recipients=circle.recipient("newcomer"))


def test_a_file_with_other_readers_than_its_rule_is_refused(circle: Circle) -> None:
    circle.commit({BANK: circle.lock(made.VALUES[BANK], BANK, ("engine", "leaver"))})
    before = circle.head()

    with pytest.raises(Refused, match=r"bank\.enc\.yaml has other readers than its rule"):
        remove(circle)

    assert circle.head() == before


def test_what_is_encrypted_in_another_form_is_refused_by_name(circle: Circle) -> None:
    leaver = circle.recipient("leaver")
    circle.commit({"x.env": f"A=ENC[AES256_GCM,data:x]\nsops_age__list_0={leaver}\n".encode()})

    with pytest.raises(Refused, match=r"x\.env is encrypted in a form"):
        remove(circle)


def test_a_rule_left_with_nobody_is_refused_with_its_place(circle: Circle) -> None:
    text = circle.rules().replace(
        "stores:", f"  - path_regex: mine\n    age: {circle.recipient('leaver')}\nstores:"
    )
    circle.commit({".sops.yaml": text.encode()})

    with pytest.raises(RunbookError, match=r"\.sops\.yaml:19:10: nobody else could read"):
        remove(circle)


def test_it_is_seen_before_the_run_whether_it_can_be_done(circle: Circle) -> None:
    before = circle.head()
    told = world.look(circle.steps()["sops.remove_reader"], recipients=circle.recipient("leaver"))

    assert told.startswith("4 files of main")
    assert circle.head() == before


def test_taken_back_they_can_read_again_what_they_could(circle: Circle) -> None:
    outputs = remove(circle)
    step = circle.steps()["sops.remove_reader"]
    given = world.params(step, recipients=circle.recipient("leaver"))

    world.undo(step, given, outputs, world.call(key="run-1/out-back", secret="", about="nina"))

    assert circle.can_open("leaver", circle.read(PULSE))
    assert not circle.can_open("leaver", circle.read(OPERATOR_ONLY), OPERATOR_ONLY)


def test_a_newcomer_can_open_what_their_rules_are_for(circle: Circle) -> None:
    outputs = add(circle)

    assert set(outputs.files) == {".sops.yaml", PULSE, BANK, OPERATOR_ONLY}
    for file in (PULSE, BANK, OPERATOR_ONLY):
        assert circle.can_open("newcomer", circle.read(file), file)
        assert circle.can_open("operator", circle.read(file), file)
    text = circle.read(".sops.yaml").decode()
    assert f"          - {circle.recipient('newcomer')}  # nina\n" in text
    assert all(line in text for line in circle.rules().splitlines() if "operator" not in line)
    assert isinstance(probe(circle, "sops.check_reader", "newcomer", expect="present"), Done)


def test_a_newcomer_to_some_rules_reads_no_other_file(circle: Circle) -> None:
    add(circle, r"infra/secrets/.*\.enc\.yaml$")

    assert circle.can_open("newcomer", circle.read(PULSE))
    assert not circle.can_open("newcomer", circle.read(OPERATOR_ONLY), OPERATOR_ONLY)


def test_a_newcomer_taken_back_opens_no_head(circle: Circle) -> None:
    outputs = add(circle)
    step = circle.steps()["sops.add_reader"]
    given = world.params(step, recipient=circle.recipient("newcomer"), name="nina")

    world.undo(step, given, outputs, world.call(key="run-1/in-back", secret="", about="nina"))

    assert not any(circle.can_open("newcomer", circle.read(file), file) for file in FILES)
    assert circle.read(".sops.yaml").decode() == circle.rules()


def test_an_unknown_rule_is_refused_with_those_there_are(circle: Circle) -> None:
    with pytest.raises(RunbookError, match="no rule is for nowhere"):
        add(circle, "nowhere")


def test_the_check_finds_a_reader_who_is_back(circle: Circle) -> None:
    remove(circle)
    assert isinstance(probe(circle, "sops.check_reader", "leaver", expect="absent"), Done)
    circle.commit({BANK: circle.lock(made.VALUES[BANK], BANK, ("engine", "operator", "leaver"))})

    found = probe(circle, "sops.check_reader", "leaver", expect="absent")

    assert isinstance(found, NotYet)
    assert BANK in found.finding
    step = circle.steps()["sops.check_reader"]
    given = world.params(step, recipients=circle.recipient("leaver"), expect="absent")
    with pytest.raises((Refused, NotConverged)):
        step.run(given, world.call())
