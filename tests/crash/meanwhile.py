"""What happens to the world while a run is held between two of its acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from sandbox.postgresql import find_programs
from tests.crash import disk
from tests.crash.boundary import Boundary
from tests.crash.cases import Verdict
from tests.crash.harbour import Victim
from tests.crash.people import STRANGE
from tests.crash.voyage import Voyage

AWAY = 30.0
"""Seconds for which Prefect's API is away."""
STEP_OF_CLOCK = 26 * 3600.0
"""Seconds; more than any gate of the shipped runbooks stays open."""
BETWEEN = {
    "publishing": ("sops.set", "git.publish", "before git push"),
    "mirroring": ("sops.set", "vaultwarden.set", "before step.succeeded"),
}
"""From the end of which step, and up to which act of which other, a person's change is met."""


def _nothing(voyage: Voyage) -> None:
    """Leave it as it is."""


def _fill_disk(voyage: Voyage, victim: Victim) -> None:
    disk.fill(voyage.state_folder)


def _stop_ledger(voyage: Voyage, victim: Victim) -> None:
    assert voyage.postgres is not None
    voyage.platform.journal.close()
    voyage.postgres.stop()


def _start_ledger(voyage: Voyage) -> None:
    assert voyage.postgres is not None
    voyage.postgres.start()


def _bounce_ledger(voyage: Voyage, victim: Victim) -> None:
    _stop_ledger(voyage, victim)
    _start_ledger(voyage)


def _stop_prefect(voyage: Voyage, victim: Victim) -> None:
    voyage.harbour.stop()


def _start_prefect(voyage: Voyage) -> None:
    voyage.harbour.start()


def _commit_beside(voyage: Voyage, victim: Victim) -> None:
    entries = voyage.platform.catalogue.secrets.values()
    paths = (e.sops.path for e in entries if e.sops.path in voyage.world.values)
    path = next(each for each in paths if voyage.world.values[each] != voyage.old)
    voyage.beside = path
    voyage.world.set_as_human(path, STRANGE)


def _commit_same(voyage: Voyage, victim: Victim) -> None:
    voyage.strange = True
    voyage.world.set_as_human(voyage.secret.sops.path, STRANGE)


def _has_item(voyage: Voyage) -> bool:
    """Tell whether there is an item that a person could edit; a new secret has none at first."""
    return bool(voyage.world.vaultwarden.ciphers(voyage.secret.vaultwarden.item))


def _note_item(voyage: Voyage, victim: Victim) -> None:
    if not _has_item(voyage):
        return
    voyage.noted = True
    voyage.world.vaultwarden.note_as_human(voyage.secret.vaultwarden.item, STRANGE)


def _edit_item(voyage: Voyage, victim: Victim) -> None:
    if not _has_item(voyage):
        return
    voyage.strange = True
    voyage.world.vaultwarden.edit_as_human(voyage.secret.vaultwarden.item, STRANGE)


def _clock_back(voyage: Voyage, victim: Victim) -> None:
    voyage.clock = -STEP_OF_CLOCK


def _clock_on(voyage: Voyage, victim: Victim) -> None:
    voyage.clock = STEP_OF_CLOCK


def _write_protect(voyage: Voyage, victim: Victim) -> None:
    voyage.protected = 1


Where = Literal["anywhere", "at a gate", "publishing", "mirroring"]


@dataclass(frozen=True)
class Happening:
    """One thing that happens; `begin` while the process is held, `end` when it is over."""

    words: str
    begin: Callable[[Voyage, Victim], None]
    end: Callable[[Voyage], None] = _nothing
    seconds: float = 0.0
    """How long it lasts; as long as the process lives where that is less, or always if 0."""
    how: Literal["stop", "kill"] = "stop"
    """Whether the process goes on afterwards, or was killed before."""
    where: Where = "anywhere"
    needs: Literal["", "postgresql", "mount"] = ""
    """Whether it takes a database server, or the right to mount a small disk."""

    @property
    def to_secret(self) -> bool:
        """Whether it happens to the secret that the run is about."""
        return self.begin in (_commit_same, _note_item, _edit_item)


HAPPENINGS: Mapping[str, Happening] = {
    "disk full": Happening(
        "the disk of ledger and scratch is full until the attempt has ended",
        _fill_disk, lambda voyage: disk.empty(voyage.state_folder), needs="mount",
    ),
    "read-only": Happening(
        "the folder of the ledger is read-only at the next pick-up", _write_protect,
        how="kill", needs="mount",
    ),
    "ledger away": Happening(
        "the ledger's PostgreSQL is stopped until the attempt has ended",
        _stop_ledger, _start_ledger, needs="postgresql",
    ),
    "ledger restarted": Happening(
        "the ledger's PostgreSQL is restarted", _bounce_ledger, needs="postgresql",
    ),
    "Prefect away": Happening(
        "Prefect's API is away for 30 s during a step", _stop_prefect, _start_prefect, seconds=AWAY,
    ),
    "Prefect away at a gate": Happening(
        "Prefect's API is away for 30 s as a gate opens", _stop_prefect, _start_prefect,
        seconds=AWAY, where="at a gate",
    ),
    "clock back": Happening(
        "killed, and the engine's clock steps back by 26 hours", _clock_back, how="kill",
    ),
    "clock on": Happening(
        "killed, and the engine's clock steps on by 26 hours", _clock_on, how="kill",
    ),
    "commit beside": Happening("a person commits another value to the same file", _commit_beside),
    "commit same": Happening(
        "a person commits another value of the same secret", _commit_same,
        where="publishing",
    ),
    "item noted": Happening("a person edits the notes of the same item", _note_item),
    "item changed": Happening(
        "a person changes the same item's password", _edit_item, where="mirroring",
    ),
}  # fmt: skip


def playable(name: str) -> bool:
    """Tell whether this machine lets it happen."""
    match HAPPENINGS[name].needs:
        case "postgresql":
            return find_programs() is not None
        case "mount":
            return disk.may_mount()
        case _:
            return True


def places(dry: Verdict, where: Where, uses: Mapping[str, str]) -> list[Boundary]:
    """Return the boundaries at which it may find the run; `uses` is the step to what it uses."""
    trace = [
        b for b in dict.fromkeys(dry.trace) if not b.place.startswith(("pick-up", "preflight"))
    ]
    if where == "anywhere":
        before = {boundary for boundary, _ in dry.edges}
        return [b for b in trace if b in before and b.kind != "prefect"]
    if where == "at a gate":
        return [b for b in trace if b.kind == "prefect" and "gate.opened" in b.place]
    first, last, act = BETWEEN[where]
    start = _place(trace, first, "before step.succeeded", uses)
    end = _place(trace, last, act, uses)
    return [b for b in trace[start : end + 1] if b.kind != "prefect"]


def _place(trace: list[Boundary], declared: str, act: str, uses: Mapping[str, str]) -> int:
    """Return where a step of this declaration first does that."""
    return next(
        number
        for number, each in enumerate(trace)
        if each.what == act and uses.get(each.place.partition(".")[0]) == declared
    )
