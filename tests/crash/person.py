"""What must hold while somebody comes or goes: who can open which commit, and who gets in where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from engine.errors import ChainBroken
from engine.ledger import Event, verify
from engine.plan import Plan
from engine.state import Outcome, Status
from sandbox.keys import LEAVING, NEWCOMER
from sandbox.layout import SOPS_FILE
from sandbox.programs import ProgramFailed
from sandbox.sopsfile import decrypt_tree
from sandbox.staff import LEAVER
from sandbox.vaultwarden.seed import LEAVER_EMAIL
from tests.crash.cases import Verdict
from tests.crash.eventually import ENDS
from tests.crash.leaks import leaks
from tests.crash.sight import git
from tests.crash.voyage import Voyage
from tests.staff import recipient_of

PERSON: Mapping[str, str] = {
    "S1": "whoever shall read the files can open the head, and it holds the values it held",
    "S2": "rules and files of every commit of the run name the same readers",
    "S3": "whom a commit has taken out cannot open its files, by the real sops and their own key",
    "S4": "no account ends while the head still names its owner, nor without an announcement",
    "S5": "nobody else's account, session or token is touched",
    "S6": "a newcomer is a reader only after they have proven to hold their key",
    "S7": "at the end they are out everywhere, or in, or all is as before",
    "S8": "main has one commit of the run (and one more on the way back), no branch is left",
    "S9": "the offboarding ends only with every value settled, and with a letter",
}
STAYING = ("engine", "operator", "staff")
OTHER = "petra"


@dataclass
class PersonWatch:
    """Looks at what one person can reach."""

    voyage: Voyage
    plan: Plan
    first: str
    """The head before the run."""
    opened: dict[tuple[str, str], Mapping[str, str] | None] = field(default_factory=dict)
    """What each commit shows to each owner of a key; commits never change."""

    @classmethod
    def of(cls, voyage: Voyage, plan: Plan) -> PersonWatch:
        """Return the watch; to be made before the run starts."""
        return cls(voyage, plan, voyage.world.remote.head())

    @property
    def is_leaving(self) -> bool:
        """Tell whether the run is about somebody who goes."""
        return self.plan.runbook == "offboard-staff"

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose keys it is about: one of each of their machines."""
        return LEAVING if self.is_leaving else (NEWCOMER,)

    def always(self) -> None:
        """Ask after what must hold at every instant."""
        self._readers()
        self._accounts()
        self._ledger()

    def finally_(self) -> Mapping[str, Any]:
        """Ask after all of it."""
        self.always()
        way, verdict, state = self.voyage.case.way, self.voyage.verdict, self.voyage.state()
        verdict.hold("I14", state.outcome is ENDS[way], f"the run ended {state.outcome}")
        self._end(verdict)
        self._counts(verdict)
        return self.snapshot()

    def snapshot(self) -> Mapping[str, Any]:
        """Return what must not change any more."""
        return {
            "branches": dict(self.voyage.world.remote.branches()),
            "accounts": self._standing(),
            "entries": len(list(self.voyage.platform.journal.entries())),
        }

    def values(self, owner: str, commit: str) -> Mapping[str, str] | None:
        """Return what a commit shows to the real sops with one key; None if it shows nothing."""
        if (owner, commit) not in self.opened:
            world = self.voyage.world
            raw = world.remote.file(SOPS_FILE, commit) or b""
            try:
                self.opened[owner, commit] = decrypt_tree(raw, world.layout.age_key(owner))
            except (ProgramFailed, ValueError):
                self.opened[owner, commit] = None
        return self.opened[owner, commit]

    def _commits(self) -> list[str]:
        """Return the commits of main since the run began that no person made, newest first."""
        told = git(self.voyage.world, "log", "--format=%H %an", f"{self.first}..main").decode()
        pairs = (line.partition(" ") for line in told.splitlines())
        return [commit for commit, _, author in pairs if not author.startswith("Petra")]

    def _readers(self) -> None:
        world, verdict = self.voyage.world, self.voyage.verdict
        head, before = world.remote.head(), self.values("operator", self.first)
        for owner in STAYING:
            found = self.values(owner, head)
            path = self.voyage.beside
            same = found is not None and {**found, path: ""} == {**(before or {}), path: ""}
            verdict.hold("S1", same, f"{owner} cannot open the head, or finds other values")
        for commit, owner in product(self._commits(), self.owners):
            who = recipient_of(world, owner)
            rules = (world.remote.file(".sops.yaml", commit) or b"").decode()
            files = (world.remote.file(SOPS_FILE, commit) or b"").decode()
            verdict.hold("S2", (who in rules) == (who in files), f"{commit[:12]} is half of it")
            can = self.values(owner, commit) is not None
            verdict.hold("S3", can == (who in files), f"{commit[:12]} opens to the wrong people")
        if not self.is_leaving and self._is_reader():
            proven = self.voyage.state().step("proven").status is Status.DONE
            verdict.hold("S6", proven, "a newcomer reads who has proven nothing")

    def _is_reader(self) -> bool:
        raw = (self.voyage.world.remote.file(SOPS_FILE) or b"").decode()
        return any(recipient_of(self.voyage.world, owner) in raw for owner in self.owners)

    def _standing(self) -> dict[str, Any]:
        world = self.voyage.world
        return {
            "authentik": (world.authentik.is_active(LEAVER), world.authentik.has(LEAVER)),
            "forgejo": (world.forgejo.accepts(LEAVER), world.forgejo.has(LEAVER)),
            "vaultwarden": LEAVER_EMAIL not in world.vaultwarden.disabled(),
        }

    def _accounts(self) -> None:
        world, verdict = self.voyage.world, self.voyage.verdict
        begun = {e.step for e in self.voyage.entries() if e.event is Event.STEP_STARTED}
        for system, held in self._standing().items():
            active = held if isinstance(held, bool) else held[0]
            right = active or (system in begun and not self._is_reader())
            verdict.hold("S4", right, f"{LEAVER} was ended in {system} too early")
        others = (
            world.authentik.is_active(OTHER),
            sum(world.authentik.has(OTHER).values()) == 6,
            world.forgejo.accepts(OTHER),
            world.forgejo.has(OTHER) == {"tokens": 2, "keys": 1},
            set(world.vaultwarden.disabled()) <= {LEAVER_EMAIL},
        )
        verdict.hold("S5", all(others), f"{OTHER} has lost something")

    def _ledger(self) -> None:
        verdict, journal = self.voyage.verdict, self.voyage.platform.journal
        try:
            verify(journal.entries())
        except ChainBroken as error:
            verdict.hold("I8", claim=False, otherwise=error.message)
        else:
            verdict.hold("I8", claim=True, otherwise="")
        state = self.voyage.state()
        is_live = state.attempt > 0 and state.outcome is None
        holder = journal.holders().get(f"person:{self.plan.about}")
        wanted = self.voyage.run if is_live else None
        verdict.hold("I9", holder == wanted, f"the person is held by {holder}, not {wanted}")
        world = self.voyage.world
        known = {*world.values.values(), *vars(world.credentials).values()}
        for place in leaks(self.voyage, known):
            verdict.hold("I7", claim=False, otherwise=f"a value stands in clear in {place}")
        verdict.hold("I7", claim=True, otherwise="")

    def _end(self, verdict: Verdict) -> None:
        way, reads = self.voyage.case.way, self._is_reader()
        is_over = way == "forward"
        verdict.hold("S7", reads is (is_over != self.is_leaving), "the head names the wrong people")
        if not self.is_leaving:
            return
        for system, held in self._standing().items():
            active = held if isinstance(held, bool) else held[0]
            verdict.hold("S7", active is not is_over, f"{LEAVER} is not as they should in {system}")
        if is_over:
            counts = [*self.voyage.world.authentik.has(LEAVER).values()]
            counts += self.voyage.world.forgejo.has(LEAVER).values()
            verdict.hold("S7", not any(counts), "sessions or tokens are left")
            state = self.voyage.state()
            for step in ("letter", "exposed", "settled"):
                done = state.step(step).status is Status.DONE
                verdict.hold("S9", done, f"{step} is not done")
            found = state.step("exposed").outputs.get("items", [])
            known = self.values("operator", self.first) or {}
            verdict.hold("S9", len(found) == len(known), f"{len(found)} of {len(known)} are listed")

    def _counts(self, verdict: Verdict) -> None:
        steps = {"forward": 1, "reject": 0, "back": 2}[self.voyage.case.way]
        commits = len(self._commits())
        verdict.hold("S8", commits == steps, f"main has {commits} commits of the run, not {steps}")
        left = [name for name in self.voyage.world.remote.branches() if name != "main"]
        verdict.hold("S8", not left, f"left on the remote: {', '.join(left)}")
        asked = Counter(
            (e.step, e.details["kind"])
            for e in self.voyage.entries()
            if e.event is Event.GATE_APPROVED
        )
        twice = [step for (step, _), times in asked.items() if times > 1]
        verdict.hold("approvals", not twice, f"asked twice at {', '.join(twice)}")
        journal = self.voyage.platform.journal
        verdict.hold("locks", not journal.holders(), "something is still held")
        verdict.hold("locks", not journal.sealed(self.voyage.run), "the drawer is not empty")
        if self.voyage.case.way == "back":
            verdict.hold("I14", self.voyage.state().outcome is Outcome.ROLLED_BACK, "not back")
