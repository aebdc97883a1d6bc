"""One platform, read from its files: settings, steps, catalogue, people and runbooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from adapters.catalogue import read_catalogue
from adapters.kinds import Kind, freeze_file, kind_of
from adapters.ledger import SqlJournal, open_journal
from adapters.registry import registry
from adapters.settings import Settings, load_settings
from adapters.shared.checkout import GitSettings, one_look
from adapters.shared.files import read_file, read_secret, read_text, shown_path
from engine.catalogue import Catalogue, People, Secret
from engine.checks import read_runbook
from engine.configuration import objection
from engine.entry import described
from engine.errors import Refused, RunbookError
from engine.evidence import read_keys
from engine.findings import Finding, Invalid, Place
from engine.freeze import Freeze, Freezes
from engine.inputs import check_inputs
from engine.job import IMPATIENT, Desk, Patience
from engine.loading import load
from engine.plan import Plan, make_plan
from engine.preflight import preflight
from engine.runbook import Runbook
from engine.sealing import Seal
from engine.step import AnyStep
from engine.surroundings import Surroundings

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

SHORTEST_KEY = 32
"""Characters of a key of fingerprints: 16 bytes in hex."""


@dataclass(frozen=True)
class Platform:
    """What the engine knows of the place it works in; files are read when first asked for."""

    settings: Settings
    shipped_alone: bool = False
    """Whether the catalogue in git is left out."""

    @cached_property
    def registry(self) -> Mapping[str, AnyStep]:
        """Every step by name."""
        return registry(self.settings)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Where each secret lives, by the shipped file and the one in git.

        Raises `Invalid`, `Refused` if a file is not there, `Transient` if the remote is not.
        """
        git = GitSettings() if self.shipped_alone else self.settings.git
        return read_catalogue(self.settings.catalogue, git)

    @cached_property
    def people(self) -> People:
        """Who is in which group; raises as `catalogue` does."""
        path = self.settings.people
        return load(read_file(path, "the list of groups"), shown_path(path), People)[0]

    @cached_property
    def freezes(self) -> tuple[Freeze, ...]:
        """When changes are frozen; raises `Invalid`, or `Refused` if a file is named and not there."""
        path = freeze_file(self.settings)
        if self.settings.freeze is None and not path.exists():
            return ()
        return load(read_file(path, "the list of freezes"), shown_path(path), Freezes)[0].freeze

    @cached_property
    def journal(self) -> SqlJournal:
        """The ledger; raises `LedgerDown` when it is first used and not there."""
        return open_journal(self.settings.ledger)

    @property
    def around(self) -> Surroundings:
        """What runbooks are checked against."""
        return Surroundings(self.registry, self.catalogue, self.people, self.settings.platform)

    def files(self) -> tuple[Path, ...]:
        """Return the files of all runbooks, by name."""
        settings = self.settings
        folder = settings.runbooks
        if not folder.is_dir():
            raise Refused(
                f"there is no folder of runbooks at {folder}",
                hint="Name it as `runbooks` in the settings.",
            )
        found = sorted(folder.glob("*.yaml"))
        return tuple(path for path in found if kind_of(path, settings) is Kind.RUNBOOK)

    def read(self, path: Path) -> Runbook:
        """Return the checked runbook in `path`; raise `Invalid` with every finding."""
        runbook = read_runbook(read_file(path, "the runbook"), shown_path(path), self.around)[0]
        if path.stem != runbook.runbook:
            raise Invalid(
                [
                    Finding(
                        Place(shown_path(path)),
                        f"the file is {path.stem}.yaml and holds {runbook.runbook}",
                        "Let the file be named after the runbook.",
                    )
                ]
            )
        return runbook

    def runbook(self, name: str) -> Runbook:
        """Return one checked runbook by its name; raise `Refused` if there is none."""
        if (lean := self._lean()) is not None:
            with suppress(RunbookError):
                return lean.runbook(name)
        path = self.settings.runbooks / f"{name}.yaml"
        if path not in self.files():
            known = ", ".join(file.stem for file in self.files())
            raise Refused(f"there is no runbook {name}", hint=f"There are: {known}.")
        return self.read(path)

    def plan(self, name: str, inputs: Mapping[str, Any]) -> Plan:
        """Return what a run of this runbook with these inputs would do; raise `Refused`, `Invalid`."""
        if (lean := self._lean()) is not None:
            with suppress(RunbookError):
                return lean.plan(name, inputs)
        runbook = self.runbook(name)
        values = check_inputs(runbook, inputs, self.catalogue)
        try:
            plan = make_plan(runbook, values, self.registry, self.catalogue, self.settings.platform)
        except KeyError as error:
            missing = error.args[0]
        else:
            self._require_secret(plan)
            return plan
        raise Refused(
            f"{name} refers to {missing}, and there is no such fact",
            hint="Add it to the catalogue entry, or to `platform` in the settings.",
        )

    def _lean(self) -> Platform | None:
        """Return the platform by the shipped catalogue, where that is to be tried first.

        So most steps start without asking the remote, and no fault of the file in git stops the
        rotation of a secret that the shipped one knows; `runbook validate` tells of it.
        """
        is_whole = self.shipped_alone or "catalogue" in vars(self)
        return self._shipped if self.settings.git.catalogue and not is_whole else None

    @cached_property
    def _shipped(self) -> Platform:
        return replace(self, shipped_alone=True)

    def entry(self, plan: Plan) -> Secret | None:
        """Return the entry of the secret that a plan is about: as its form describes it, if it does."""
        runbook = self.runbook(plan.runbook)
        entry = described(runbook, plan.inputs) if runbook.entry else None
        return Secret.model_validate(entry) if entry else self.catalogue.secrets.get(plan.secret)

    def _require_secret(self, plan: Plan) -> None:
        """Raise `Refused` for a secret that the catalogue lacks, or that is none."""
        name, entry = plan.secret, self.entry(plan)
        found = objection(name, entry) if entry is not None else None
        if found is not None:
            raise Refused(f"{name} is no secret: {found.what}", hint=found.instead)

    def preflight(
        self,
        plan: Plan,
        redact: Callable[[str], str],
        patience: Patience = IMPATIENT,
        report: Callable[[str], None] = print,
    ) -> dict[str, str]:
        """Return what was found fine before a run, by step; raise `Refused` with all that was not."""
        with one_look():
            return preflight(plan, self.registry, redact, patience, report)

    def seal(self) -> Seal:
        """Return the engine's key pair; raise `Refused` if the file is not there or no age key."""
        path = _needed(self.settings.engine.age_key_file, "engine.age_key_file")
        lines = read_secret(path, "the engine's age key").get_secret_value().splitlines()
        keys = [line for line in lines if line.startswith("AGE-SECRET-KEY-")]
        return Seal(SecretStr(keys[0] if keys else ""))

    def approval_keys(self) -> KeySet:
        """Return the gateway's public keys; raise `Refused` if they are not there or not public."""
        path = _needed(self.settings.engine.approval_keys_file, "engine.approval_keys_file")
        return read_keys(read_text(path, "the file of the gateway's public keys"))

    def fingerprint_key(self) -> SecretStr:
        """Return the key of all fingerprints; raise `Refused` if it is not there or can be guessed."""
        path = _needed(self.settings.engine.fingerprint_key_file, "engine.fingerprint_key_file")
        key = read_secret(path, "the fingerprint key")
        if (length := len(key.get_secret_value())) < SHORTEST_KEY:
            raise Refused(
                f"the fingerprint key in {path} has {length} characters, fewer than {SHORTEST_KEY}",
                hint="Make one with `openssl rand -hex 32`; whoever guesses it can test guesses of "
                "a secret.",
            )
        return key

    def desk(self) -> Desk:
        """Return all it takes to perform steps; raise `Refused` for a missing key."""
        return Desk(
            journal=self.journal,
            registry=self.registry,
            seal=self.seal(),
            fingerprint_key=self.fingerprint_key(),
        )


def open_platform(settings_path: Path | None = None) -> Platform:
    """Return the platform that the settings describe; raise `Refused` or `Invalid`."""
    return Platform(load_settings(settings_path))


def _needed(path: Path | None, name: str) -> Path:
    if path is None:
        raise Refused(f"`{name}` is not set", hint="Add it to the settings.")
    return path
