"""An answer at a gate, whichever command gives it: seen, agreed to, and sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from adapters.platform import open_platform
from cli.certificate import certificate_text
from cli.exits import Exit
from cli.follow import follow
from cli.people import asking
from cli.recorder import attempt
from cli.runs import find_run, last_entry
from cli.screen import is_asked, say, say_markdown
from cli.sealing import sealed_value
from cli.server import door
from cli.text import SHORT
from engine.decision import BREAK_GLASS
from engine.errors import Refused

if TYPE_CHECKING:
    from flows.door import Waiting

VIA = "cli"


@dataclass(frozen=True)
class Reply:
    """What a person wants to answer."""

    decision: str
    by: str = ""
    comment: str = ""
    through: str = ""
    gate: str = ""
    """The gate they mean; empty for the one where the run stands."""
    value: bool = False
    """Whether they bring a value that they type or pipe."""
    recipient: str = ""
    is_sure: bool = False
    """Whether they want neither to see the gate nor to be asked."""
    wait: bool = False
    item: str = ""
    """What of a checklist they speak about, and where it stands."""
    state: str = ""
    certificate: str = ""
    """File of the certificate they bring."""
    value_file: str = ""
    """File that holds the value they bring, exactly as it is; empty to ask for it."""

    @property
    def brings_value(self) -> bool:
        """Whether they bring a value, in whichever way."""
        return self.value or bool(self.value_file)


def answer(run: str, reply: Reply) -> Exit:
    """Show the gate, ask whether it is meant, and send the answer; raise `Refused` if it cannot be."""
    platform = open_platform()
    identity = find_run(platform, run)
    wanted = {"what": reply.decision, "about": identity}
    with attempt(platform, reply.by, wanted):
        by = asking(reply.by)
    waiting = door().open_gate(identity)
    fields = waiting.schema.get("properties", {})
    _refuse_unfit(waiting, fields, reply)
    if not reply.is_sure:
        _show_and_ask(waiting, reply.decision)
    filled = {
        "decision": reply.decision,
        "name": by,
        "comment": reply.comment,
        "gate": _constant(fields),
        "via": VIA,
        **({"approve_through": reply.through} if reply.through else {}),
        **_brought(reply),
    }
    before = last_entry(platform, identity)
    with attempt(platform, by, wanted):
        _send(identity, filled)
    say(f"sent: {reply.decision} at {filled['gate']} by {by}")
    if reply.wait:
        return follow(platform, identity, after=before)
    say(f"whether it counts: runbook status {identity[:SHORT]}")
    return Exit.FINE


def _brought(reply: Reply) -> dict[str, str]:
    """Return the fields beside the decision, each only where it is meant."""
    said = {"item": reply.item, "state": reply.state} if reply.item else {}
    if reply.brings_value:
        said["sealed_value"] = sealed_value(reply.recipient, reply.value_file)
    if reply.certificate:
        said["certificate"] = certificate_text(reply.certificate)
    return said


def _send(run: str, filled: Mapping[str, str]) -> None:
    try:
        door().answer(run, filled)
    except Refused as error:
        told = error.message
    else:
        return
    raise Refused(told, hint=f"If its gate expired: runbook resume {run[:SHORT]}")


def choices(field: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a field of a form's JSON Schema may hold."""
    return tuple(field.get("enum", ())) or ((field["const"],) if "const" in field else ())


def _constant(fields: Mapping[str, Any]) -> str:
    known = choices(fields.get("gate", {}))
    if len(known) != 1:
        raise Refused("the form of this gate does not name it", hint="Answer it in Prefect's UI.")
    return known[0]


def _refuse_unfit(waiting: Waiting, fields: Mapping[str, Any], reply: Reply) -> None:
    gate, allowed = _constant(fields), choices(fields.get("decision", {}))
    if reply.gate and reply.gate != gate:
        raise Refused(
            f"the run stands at {gate}, not at {reply.gate}",
            hint=f"See `runbook status {waiting.run[:SHORT]}`.",
        )
    if reply.decision not in allowed:
        raise Refused(
            f"at {gate} one can {', '.join(allowed)}, not {reply.decision}",
            hint="After a failure that is `runbook resume`; before a step, approve or reject. "
            "The glass can be broken where the runbook declares it.",
        )
    reach = choices(fields.get("approve_through", {}))
    if reply.through and reply.through not in reach:
        raise Refused(
            f"a yes at {gate} cannot reach through {reply.through}",
            hint=f"It can reach: {', '.join(reach)}." if reach else "",
        )
    for name, given in (("item", reply.item), ("state", reply.state)):
        known = choices(fields.get(name, {}))
        if given and given not in known:
            raise Refused(f"{given} is no {name} of this gate", hint=f"Known: {', '.join(known)}.")
    _refuse_value(fields, reply)


def _refuse_value(fields: Mapping[str, Any], reply: Reply) -> None:
    takes_value = "sealed_value" in fields
    if reply.brings_value and not takes_value:
        raise Refused("this gate asks for no value", hint="Leave --value and --value-file out.")
    if takes_value and reply.decision in ("approve", BREAK_GLASS) and not reply.brings_value:
        raise Refused(
            "this gate asks for a value",
            hint="Add --value, which reads it without echo, or --value-file FILE.",
        )
    takes_certificate = "certificate" in fields
    if reply.certificate and not takes_certificate:
        raise Refused("this gate asks for no certificate", hint="Leave --certificate out.")
    if takes_certificate and reply.decision in ("approve", BREAK_GLASS) and not reply.certificate:
        raise Refused("this gate asks for a certificate", hint="Add --certificate FILE.")


def _show_and_ask(waiting: Waiting, decision: str) -> None:
    say_markdown(waiting.words)
    if is_asked() and not typer.confirm(f"\n{decision} this?"):
        raise Refused("nothing was sent")
