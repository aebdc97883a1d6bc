"""What follows from where a secret stands, with no ledger to ask: a pure function, and a careful one.

It says what was found and one safe move. Ending a key is named as a move in a single case: every
store, the Secret and the restarted pods agree on one value, exactly one active key fits it, and
exactly one other fits the value before it. Whatever is less plain than that is called ambiguous.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from engine.conclusion import Case, Conclusion
from engine.job import BACK
from engine.standing import Place, Standing, is_same_move


@dataclass(frozen=True)
class _Seen:
    standings: tuple[Standing, ...]

    def at(self, place: Place) -> tuple[Standing, ...]:
        return tuple(each for each in self.standings if each.place is place)

    @property
    def main(self) -> Standing:
        return self.at(Place.MAIN)[0]

    @property
    def value(self) -> str:
        return self.main.fingerprint

    @property
    def before(self) -> str:
        return self.main.before if self.main.before != self.value else ""

    @property
    def waiting(self) -> tuple[Standing, ...]:
        return tuple(each for each in self.at(Place.PENDING) if each.fingerprint != self.value)

    @property
    def keys(self) -> tuple[Standing, ...]:
        return tuple(each for each in self.at(Place.PROVIDER) if each.key)

    def fitting(self, value: str) -> tuple[Standing, ...]:
        return tuple(key for key in self.keys if value and value in key.fits)


def conclude(standings: Iterable[Standing]) -> Conclusion:
    """Return the one conclusion that what was found allows."""
    seen = _Seen(tuple(standings))
    if (blind := _unreadable(seen)) is not None:
        return blind
    found = next(filter(None, (judge(seen) for judge in _JUDGES)), None) or _settled(seen)
    leftovers = (each.name for each in seen.at(Place.PENDING) if each not in seen.waiting)
    strangers = (key.name for key in seen.keys if not key.fits)
    return replace(found, leftovers=tuple(leftovers), strangers=tuple(strangers))


def _unreadable(seen: _Seen) -> Conclusion | None:
    blind = [each for each in seen.standings if each.is_blind and each.place is not Place.PODS]
    missing = [place.value for place in (Place.MAIN, Place.VAULT) if len(seen.at(place)) != 1]
    if blind or missing:
        return _blind((*(each.name for each in blind), *missing), blind)
    return None


def _blind(names: Iterable[str], standings: Iterable[Standing]) -> Conclusion:
    return Conclusion(
        Case.UNREADABLE,
        f"nothing can be concluded, because {_listed(names)} could not be read",
        "make it readable and look again; until then change nothing and end no key",
        is_away=any(each.is_away for each in standings),
    )


def _several(seen: _Seen) -> Conclusion | None:
    if len({each.fingerprint for each in seen.waiting}) < 2:
        return None
    return Conclusion(
        Case.SEVERAL_PENDING,
        f"{_names(seen.waiting)} hold different values, and which of them counts cannot be seen",
        "find out who made each branch, delete all but one, and look again",
    )


def _cut_over(seen: _Seen) -> Conclusion | None:
    """Find a provider that has the new value in force already: what consumers need is on a branch."""
    waiting, slots = seen.waiting, [key for key in seen.keys if key.slot]
    if (
        not waiting
        or not slots
        or seen.fitting(seen.value)
        or len(seen.fitting(waiting[0].fingerprint)) != 1
    ):
        return None
    (taken,) = seen.fitting(waiting[0].fingerprint)
    names = _names(waiting)
    return Conclusion(
        Case.CUT_OVER,
        f"{taken.name} accepts what {names} holds and no more what {seen.main.name} holds, so that "
        "there is no way back",
        f"bring {names} to main, let Flux reconcile it, restart everything that reads the secret, "
        "and see that it works",
    )


def _keys_unclear(seen: _Seen) -> Conclusion | None:
    if not seen.at(Place.PROVIDER):
        return None
    for each in (seen.main, *seen.waiting):
        fitting = seen.fitting(each.fingerprint)
        is_yet_to_come = each in seen.waiting and any(key.slot for key in seen.keys)
        if len(fitting) != 1 and not (is_yet_to_come and not fitting):
            count = f"{len(fitting)} active keys fit" if fitting else "no active key fits"
            return Conclusion(
                Case.KEYS_UNCLEAR,
                f"{count} what {each.name} holds" + (f": {_names(fitting)}" if fitting else ""),
                "look at the provider which key belongs to this value; end none until that is known",
            )
    return None


def _foreign(seen: _Seen) -> Conclusion | None:
    known = {seen.value, seen.before}
    vault_known = known | {each.fingerprint for each in seen.waiting}
    strange = [each for each in seen.at(Place.CLUSTER) if each.fingerprint not in known]
    strange += [each for each in seen.at(Place.VAULT) if each.fingerprint not in vault_known]
    left = [each for each in seen.waiting if each.fingerprint == seen.before]
    late = [each for each in _consumers(seen) if each.fingerprint == seen.before]
    if left:
        words = f"{_names(left)} holds a value that main has already left again"
    elif strange:
        words = f"{_names(strange)} holds a value that neither main nor a branch explains"
    elif seen.waiting and late:
        words = f"{_names(seen.waiting)} waits while {_names(late)} has not even what main holds"
    else:
        return None
    return Conclusion(Case.OTHER, words, "stop, and find out who put it there and what counts")


def _vault_newer(seen: _Seen) -> Conclusion | None:
    """Find a vault that held what main holds and was changed since, by no rotation seen here."""
    (vault,) = seen.at(Place.VAULT)
    explained = {seen.value, *(each.fingerprint for each in seen.waiting)}
    if _was_taken_back(seen):
        explained.add(seen.before)
    if vault.fingerprint in explained or vault.before != seen.value:
        return None
    return Conclusion(
        Case.VAULT_NEWER,
        f"{vault.name} held what main holds, and was changed since; it is not copied to main",
        "ask who changed it: if it counts, start a rotation and bring that value, else put it back",
    )


def _vault_behind(seen: _Seen) -> Conclusion | None:
    behind = [each for each in seen.at(Place.VAULT) if each.fingerprint == seen.before]
    if not behind:
        return None
    late = [each for each in seen.at(Place.CLUSTER) if each.fingerprint == seen.before]
    words = f"{_names(behind)} still holds what main held before"
    if _was_taken_back(seen):
        words = f"a rotation was taken back on main, and {_names(behind)} still has its value"
    also = f", and so does {_names(late)}" if late else ""
    return Conclusion(
        Case.VAULT_BEHIND,
        words + also,
        "let somebody who may read main put its value into the vault's item, and look again",
    )


def _cluster_behind(seen: _Seen) -> Conclusion | None:
    behind = [each for each in seen.at(Place.CLUSTER) if each.fingerprint == seen.before]
    if not behind:
        return None
    return Conclusion(
        Case.CLUSTER_BEHIND,
        f"{_names(behind)} still holds what main held before",
        "let Flux reconcile main into the cluster, restart the workload, and look again",
    )


def _waits(seen: _Seen) -> Conclusion | None:
    if not seen.waiting:
        return None
    value = seen.waiting[0].fingerprint
    (vault,) = seen.at(Place.VAULT)
    if vault.fingerprint == value:
        words = (
            f"{_names(seen.waiting)} waits, and {vault.name} has its value already; main has not"
        )
        return Conclusion(Case.VAULT_AHEAD, words, "start the same runbook again", pending=value)
    words = f"{_names(seen.waiting)} waits, and no store or Secret has its value yet"
    return Conclusion(Case.PENDING, words, "start the same runbook again", pending=value)


def _pods(seen: _Seen) -> Conclusion | None:
    behind = [each for each in seen.at(Place.PODS) if seen.before and _is_behind(seen.main, each)]
    if behind:
        return Conclusion(
            Case.PODS_BEHIND,
            f"{_names(behind)} were not all started anew since main got its value",
            "restart the workload, see that it works, and look again",
        )
    blind = [each for each in seen.at(Place.PODS) if each.unknown]
    return _blind([each.name for each in blind], blind) if blind else None


def _old_key(seen: _Seen) -> Conclusion | None:
    old = seen.fitting(seen.before)
    if not old:
        return None
    if len(old) > 1 or old[0].fits != (seen.before,):
        return Conclusion(
            Case.KEYS_UNCLEAR,
            f"which key is the old one cannot be told: {_names(old)}",
            "look at the provider which key is which; end none until that is known",
        )
    words = f"all agree on {seen.value}, and {old[0].name} of the value before is still active"
    pods = seen.at(Place.PODS)
    proven = seen.at(Place.CLUSTER) and pods
    if not proven or not all(is_same_move(seen.main.mark, each.mark) for each in pods):
        move = "restart the workload and see that it works; that its pods are new cannot be seen"
        return Conclusion(Case.OLD_KEY, words, move)
    move = f"see that the service works with the value in force, then end {old[0].name} at the provider"
    return Conclusion(Case.OLD_KEY, words, move, revoke=old[0].key)


_JUDGES: tuple[Callable[[_Seen], Conclusion | None], ...] = (
    _several,
    _cut_over,
    _keys_unclear,
    _vault_newer,
    _foreign,
    _vault_behind,
    _cluster_behind,
    _waits,
    _pods,
    _old_key,
)
"""The first that has something to say decides; what is unclear comes before what is unfinished."""


def _settled(seen: _Seen) -> Conclusion:
    return Conclusion(Case.SETTLED, f"nothing is under way, and all agree on {seen.value}", "")


def _consumers(seen: _Seen) -> tuple[Standing, ...]:
    return (*seen.at(Place.VAULT), *seen.at(Place.CLUSTER))


def _is_behind(main: Standing, pods: Standing) -> bool:
    """Tell whether a pod was made before main got its value; times are of whole seconds.

    In the very second of the commit it cannot have reached the cluster.
    """
    if pods.unknown or is_same_move(main.mark, pods.mark):
        return False
    return bool(pods.since and main.since) and pods.since <= main.since


def _was_taken_back(seen: _Seen) -> bool:
    return seen.main.mark.endswith(BACK)


def _names(standings: Iterable[Standing]) -> str:
    return _listed(each.name for each in standings)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
