"""The pages say what the code says: names, settings, formats, links and examples."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel
from typer.testing import CliRunner

from adapters.registry import registry
from adapters.settings import BASE, Settings
from cli.main import app
from docs.generate import GATEWAY, PAGE, PROVIDERS, gateway_page, page, providers_page
from engine.cases import Cases
from engine.catalogue import Catalogue, People
from engine.checks import read_runbook
from engine.freeze import Freezes
from engine.loading import build, load
from engine.source import parse
from engine.state import Outcome
from engine.step import Effect, Store
from engine.surroundings import Surroundings

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("engine", "adapters", "flows", "gateway", "rehearsal", "cli", "sandbox", "demo", "docs")
FENCE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
STEPS = registry(Settings())
WORDS = {
    *("actor", "adapter", "approval", "attempt", "catalogue", "digest", "double", "drawer"),
    *("effect", "entry", "evidence", "fingerprint", "gate", "gateway", "head", "hold"),
    *("initiator", "lease", "ledger", "mirror", "opening", "outcome", "plan", "platform"),
    *("point of no return", "preflight", "probe", "reference", "role", "rollback", "run"),
    *("runbook", "sealed value", "stamp", "step", "truth"),
}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _blocks(language: str) -> list[tuple[str, str, str]]:
    """Return page, mark and content of every fenced block in a language."""
    fence = re.compile(rf"^( *)```{language} ([^\n]+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
    return [
        (_name(page), match[2], match[3])
        for page in PAGES
        for match in fence.finditer(page.read_text(encoding="utf-8"))
    ]


def _prose(page_: Path) -> str:
    """Return a page without its fenced blocks."""
    return FENCE.sub("", page_.read_text(encoding="utf-8"))


def _marked(language: str, mark: str) -> list[str]:
    return [content for _, found, content in _blocks(language) if found == mark]


YAML = [
    pytest.param(mark, text, id=f"{at}-{mark}-{n}")
    for n, (at, mark, text) in enumerate(_blocks("yaml"))
]


def test_what_is_generated_is_as_the_code_has_it() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"
    assert all(f"## {name}\n" in page() for name in STEPS)
    assert GATEWAY.read_text(encoding="utf-8") == gateway_page(), "run `make docs`"
    assert PROVIDERS.read_text(encoding="utf-8") == providers_page(), "run `make docs`"


@pytest.mark.parametrize(("mark", "text"), YAML)
def test_every_example_is_valid(mark: str, text: str) -> None:
    match mark:
        case "runbook":
            read_runbook(text, "example", _around())
        case "catalogue":
            load(text, "example", Catalogue)
        case "people":
            load(text, "example", People)
        case "cases":
            load(text, "example", Cases)
        case "freeze":
            load(text, "example", Freezes)
        case "settings":
            build(parse(text, "example"), Settings, context={BASE: ROOT})
        case "rbac":
            assert {each["kind"] for each in yaml.safe_load_all(text)} == {"Role"}
        case _:
            pytest.fail(f"nothing is known of yaml blocks marked {mark!r}")


def _around() -> Surroundings:
    catalogue = load(_text("runbooks/secrets.yaml"), "secrets.yaml", Catalogue)[0]
    people = load(_text("runbooks/people.yaml"), "people.yaml", People)[0]
    return Surroundings(STEPS, catalogue, people)


def test_every_page_with_examples_has_some_that_are_checked() -> None:
    checked = {at for at, mark, _ in _blocks("yaml") if mark == "runbook"}

    assert checked == {"README.md", "docs/writing-a-runbook.md"}


@pytest.mark.parametrize(("at", "mark", "text"), _blocks("python"))
def test_quoted_code_stands_in_its_file(at: str, mark: str, text: str) -> None:
    assert text.strip() in _text(mark), f"{at} quotes {mark} as it no longer is"


def test_the_readme_shows_the_help_as_it_is() -> None:
    [shown] = _marked("text", "runbook --help")

    printed = CliRunner().invoke(
        app,
        ["--help"],
        prog_name="runbook",
        env={"COLUMNS": "80"},
    )

    assert shown.split() == printed.output.split()


def _models() -> Iterator[type[BaseModel]]:
    waiting: list[type[BaseModel]] = [Settings]
    for step in STEPS.values():
        waiting += [step.params, step.outputs]
    seen: set[type[BaseModel]] = set()
    while waiting:
        model = waiting.pop()
        if model not in seen:
            seen.add(model)
            waiting += _parts(model).values()
            yield model


def _parts(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Return the fields that are a model themselves."""
    return {
        name: field.annotation
        for name, field in model.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    }


@pytest.mark.parametrize(
    "model", [*_models()], ids=lambda model: f"{model.__module__}.{model.__name__}"
)
def test_every_field_is_described_with_a_sentence(model: type[BaseModel]) -> None:
    whole = set(_parts(model)) if model is Settings else set()  # a section has its own page

    told = {name: field.description or "" for name, field in model.model_fields.items()}

    assert [
        name for name, words in told.items() if not words.endswith(".") and name not in whole
    ] == []


@pytest.mark.parametrize("name", STEPS)
def test_every_step_is_summed_up_in_a_sentence(name: str) -> None:
    summary = STEPS[name].summary

    assert summary.endswith(".")
    assert summary[0].isupper()


def _settings() -> set[str]:
    sections = _parts(Settings)
    top = set(Settings.model_fields) - set(sections)
    return top | {
        f"{name}.{field}" for name, part in sections.items() for field in part.model_fields
    }


def test_every_setting_has_its_line_and_every_line_its_setting() -> None:
    rows = re.findall(r"^\| `([a-z_.]+)` \|", _text("docs/configuration.md"), re.MULTILINE)

    assert sorted(rows) == sorted(_settings())


def _words(*kinds: type[StrEnum]) -> list[str]:
    return [member.value for kind in kinds for member in kind]


def test_the_glossary_has_every_word() -> None:
    entries = re.findall(r"^\*\*([^*]+)\*\*:", _text("docs/glossary.md"), re.MULTILINE)

    assert entries == sorted(entries, key=str.casefold)
    assert {entry.lower() for entry in entries} >= WORDS


@pytest.mark.parametrize("word", _words(Effect, Store, Outcome))
def test_the_glossary_tells_every_value(word: str) -> None:
    assert f"*{word}*" in _text("docs/glossary.md")


@pytest.mark.parametrize("page_", PAGES, ids=_name)
def test_links_lead_somewhere(page_: Path) -> None:
    text = _prose(page_)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        there = (page_.parent / file).resolve() if file else page_
        assert there.exists(), f"{_name(page_)} links to {target}"
        if anchor:
            assert anchor in _anchors(there), f"{_name(page_)} links to {target}"


def _anchors(page_: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page_.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def _decisions() -> list[Path]:
    return sorted((ROOT / "docs" / "adr").glob("0*.md"))


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(path.name[:4]) for path in _decisions()] == list(range(len(_decisions())))


@pytest.mark.parametrize("path", _decisions(), ids=_name)
def test_every_decision_has_its_parts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert text.startswith(f"# {path.name[:4]} ")
    assert re.search(r"^- Status: .+\n- Date: \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == [
        "Context",
        "Options",
        "Outcome",
        "Consequences",
    ]


def _undocumented(tree: ast.Module) -> Iterator[str]:
    """Yield what is public at the top of a module, or in a public class, and says nothing."""
    waiting: list[tuple[str, ast.AST]] = [("module", tree)]
    while waiting:
        name, node = waiting.pop()
        assert isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        if not ast.get_docstring(node):
            yield name
        if isinstance(node, (ast.Module, ast.ClassDef)):
            waiting += [
                (child.name, child)
                for child in node.body
                if isinstance(child, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
                and not child.name.startswith("_")
            ]


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_public_says_what_it_is_for(room: str) -> None:
    silent = [
        f"{_name(path)}: {name}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for name in _undocumented(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert silent == []


def test_the_picture_is_small() -> None:
    assert (ROOT / "docs/images/gate.png").stat().st_size < 200_000
