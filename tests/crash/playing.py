"""Playing one case: pick up, answer, die where it is said, look, and go on to the end."""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from adapters.platform import open_platform
from flows.door import at_server, connected, standing
from sandbox.postgresql import Postgres, find_programs, running_postgres
from sandbox.world import Options, World
from tests.crash import disk
from tests.crash.cases import Case, Verdict
from tests.crash.database import secrets_in, world_server
from tests.crash.duels import fall_asleep, oversleep, take_twice
from tests.crash.hands import hands_of
from tests.crash.harbour import Harbour, Nursery
from tests.crash.meanwhile import HAPPENINGS
from tests.crash.onlooker import Onlooker, edges
from tests.crash.people import decide
from tests.crash.tripwire import Kill
from tests.crash.trouble import begin_trouble, end_trouble, requests_of
from tests.crash.voyage import MOST_PICK_UPS, PATIENCE, READY, Stuck, Voyage, awaken, settings_of
from tests.crash.watch import Watch, watch_of


@dataclass
class Lane:
    """One case after the other, with a forking process of its own."""

    harbour: Harbour
    nursery: Nursery
    folder: Path
    played: int = 0

    def play(self, case: Case) -> Verdict:
        """Return what became of the case."""
        verdict = Verdict(case)
        began = time.monotonic()
        self.played += 1
        folder = self.folder / f"case-{self.played}"
        with at_server(self.harbour.api_url):
            voyage = set_out(self, case, folder, verdict)
            onlooker = Onlooker(voyage) if case.watched else None
            voyage.onlooker = str(onlooker.address) if onlooker else ""
            try:
                sail(voyage)
            except Exception as error:  # noqa: BLE001 - one broken case must not end the matrix
                verdict.broke = f"{type(error).__name__}: {error}"
            finally:
                if onlooker is not None:
                    onlooker.close()
                    verdict.edges = tuple(edges(onlooker.looks))
                voyage.close()
        verdict.trace = voyage.boundaries()
        verdict.requests = requests_of(voyage)
        verdict.values = tuple(secrets_in([*voyage.found, *voyage.brought, voyage.old]))
        verdict.seconds = time.monotonic() - began
        if not (verdict.broke or verdict.violations or os.environ.get("RUNBOOK_CRASH_KEEP")):
            shutil.rmtree(folder)
        return verdict


def set_out(lane: Lane, case: Case, folder: Path, verdict: Verdict) -> Voyage:
    """Make a world and a run in it that Prefect has scheduled."""
    held = ExitStack()
    try:
        voyage = moored(case, folder, verdict, held, (lane.harbour, lane.nursery))
        begin_trouble(voyage, "start")
        voyage.start()
    except BaseException:
        held.close()
        raise
    return voyage


def moored(
    case: Case,
    folder: Path,
    verdict: Verdict,
    held: ExitStack,
    place: tuple[Harbour, Nursery] | None = None,
) -> Voyage:
    """Return a world with nothing begun in it; without a place to sail from, it stays so."""
    (folder / "state").mkdir(parents=True)
    postgres = equip(case, folder, held)
    (folder / "state" / "tmp").mkdir()
    hands = hands_of(case.runbook)
    server = world_server() if hands.needs_database else None
    world = World.create(folder / "world", options=Options(database=server))
    held.callback(world.close)
    changes: dict[str, Any] = {"ledger": {"url": postgres.url("postgres")}} if postgres else {}
    settings = settings_of(world, folder, changes)
    (folder / "runbook.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    platform = open_platform(folder / "runbook.yaml")
    hands = hands.at(world)
    voyage = Voyage(
        case, place, folder, world, platform, hands, verdict, postgres=postgres, held=held
    )
    voyage.keys_before = voyage.ring.states()
    return voyage


def equip(case: Case, folder: Path, held: ExitStack) -> Postgres | None:
    """Give the case what its happening needs: a small disk, or a database server."""
    needs = HAPPENINGS[case.meanwhile].needs if case.meanwhile else ""
    if needs == "mount" and disk.mount(folder / "state"):
        held.callback(disk.unmount, folder / "state")
    if needs != "postgresql":
        return None
    programs = find_programs()
    assert programs is not None, "PostgreSQL is not installed"
    return held.enter_context(running_postgres(programs))


def sail(voyage: Voyage) -> None:
    """Bring the run to its end, with the deaths of the case, and look at what is left."""
    plan = voyage.plan
    watch = watch_of(voyage, plan)
    kills = _kills(voyage.case)
    for _ in range(MOST_PICK_UPS):
        name = standing(voyage.run).name
        if name in READY and voyage.case.duel == "two":
            take_twice(voyage)
        elif name in READY and voyage.case.duel == "stale" and kills:
            oversleep(voyage, kills)
        elif name in READY and voyage.case.meanwhile and kills:
            meet(voyage, kills, watch)
        elif name in READY:
            if voyage.pick_up(kills[0] if kills else None):
                kills.pop(0)
                die(voyage, watch)
        elif name == "Suspended":
            decide(voyage)
        elif voyage.state().outcome is not None:
            break
        elif standing(voyage.run).is_final:
            end_trouble(voyage)
            awaken(voyage.run)
        else:
            raise Stuck(f"Prefect leaves the run {name}")
    else:
        raise Stuck(f"the run is not over after {MOST_PICK_UPS} pick-ups")
    voyage.verdict.unmet = bool(kills) and kills[0].boundary is not None
    end(voyage, watch)


def meet(voyage: Voyage, kills: list[Kill], watch: Watch) -> None:
    """Hold the run at its boundary, or kill it there, and let happen what the case is about."""
    happening = HAPPENINGS[voyage.case.meanwhile]
    if happening.how == "kill":
        if voyage.pick_up(kills[0]):
            kills.pop(0)
            happening.begin(voyage, voyage.victims[-1])
            die(voyage, watch)
        return
    victim = fall_asleep(voyage, kills)
    if victim is None:
        return
    voyage.verdict.kills += 1
    happening.begin(voyage, victim)
    victim.send(signal.SIGCONT)
    victim.is_gone(happening.seconds or PATIENCE)
    happening.end(voyage)
    voyage.bury()
    if not voyage.strange:
        watch.always()
    here = standing(voyage.run)
    if not here.is_final and here.name != "Suspended":
        voyage.report_crash()
        awaken(voyage.run)


def die(voyage: Voyage, watch: Watch) -> None:
    """Look at the world after a death, report the death, and let the run be picked up."""
    voyage.bury()
    voyage.verdict.kills += 1
    watch.always()
    voyage.report_crash()
    here = standing(voyage.run)
    if here.is_final and here.name != "Completed":  # else it has told of its end, and then died
        awaken(voyage.run)


def end(voyage: Voyage, watch: Watch) -> None:
    """Look at the world when the run is over, and once more after it was started again."""
    verdict = voyage.verdict
    voyage.bury()
    voyage.world.cluster.settle()
    before = watch.finally_()
    problems = [*voyage.world.log.problems, *map(str, voyage.world.cluster.agenda.failures)]
    if problems:
        raise Stuck(f"the sandbox itself failed: {problems[0]}")
    if not verdict.case.again:
        return
    restart(voyage)
    again = watch.snapshot()
    changed = [key for key, held in before.items() if again[key] != held]
    verdict.hold("I15e", not changed, f"started again, it changed {', '.join(changed)}")


def restart(voyage: Voyage) -> None:
    """Start the finished run once more, as somebody may who overrules Prefect."""
    from uuid import UUID  # noqa: PLC0415

    from prefect.states import AwaitingRetry  # noqa: PLC0415

    with connected() as client:
        client.set_flow_run_state(UUID(voyage.run), AwaitingRetry(), force=True)
    voyage.pick_up(None)
    voyage.bury()


def _kills(case: Case) -> list[Kill]:
    how: Literal["kill", "stop"] = "stop" if case.duel == "stale" else "kill"
    if case.meanwhile:
        how = HAPPENINGS[case.meanwhile].how
    kills = [Kill(boundary=case.at, how=how)] if case.at else []
    return [*kills, Kill(number=case.second)] if case.second else kills
