"""Runbooks that are wrong, each with what must be told about it: name to text, message, hint."""

from __future__ import annotations

HEAD = "runbook: try\ntitle: Try\n"
ONE_STEP = HEAD + "steps:\n  - id: a\n    uses: lamp.light\n"
TWO_STORES = """\
  - {id: store, uses: lamp.store, with: {value: "${{ steps.make.value }}"}}
  - {id: mirror, uses: lamp.mirror, with: {value: "${{ steps.make.value }}"}}
  - {id: light, uses: lamp.light}
"""
MAKE = "steps:\n  - {id: make, uses: lamp.mint}\n"

BAD = {
    "unknown step": (
        HEAD + "steps:\n  - id: a\n    uses: lamp.lihgt\n",
        "try.yaml:5:11: unknown step `lamp.lihgt`",
        "Did you mean `lamp.light`?",
    ),
    "unknown key": (
        ONE_STEP + "    wiht: {}\n",
        "try.yaml:6:5: unknown key `wiht`",
        "Did you mean `with`?",
    ),
    "reference as a key": (
        ONE_STEP + '    with: {bulb: x, "${{ steps.a.lit }}": 1}\n',
        "try.yaml:6:21: a key cannot be a reference",
        "Write the key out.",
    ),
    "unknown top key": (ONE_STEP + "stepz: 1\n", "try.yaml:6:1: unknown key `stepz`", ""),
    "missing title": (
        "runbook: try\nsteps: [{id: a, uses: lamp.light}]\n",
        "try.yaml:1:1: `title` is missing",
        "",
    ),
    "unknown parameter": (
        ONE_STEP + "    with: {bulbs: x}\n",
        "try.yaml:6:12: unknown key `bulbs`",
        "Did you mean `bulb`?",
    ),
    "wrong parameter type": (
        ONE_STEP + "    with: {bulb: [1]}\n",
        "try.yaml:6:18: `steps.0.with.bulb`",
        "",
    ),
    "missing parameter": (
        HEAD + "steps: [{id: a, uses: lamp.store, with: {at: x}}]\n",
        "`value` is missing",
        "",
    ),
    "unknown reference root": (
        ONE_STEP + '    with: {bulb: "${{ env.HOME }}"}\n',
        "try.yaml:6:18: `env.HOME` is not a reference",
        "",
    ),
    "expression": (
        ONE_STEP + '    with: {bulb: "${{ 1 + 1 }}"}\n',
        "`1 + 1` is not a reference",
        "",
    ),
    "unclosed reference": (ONE_STEP + '    with: {bulb: "${{ run.id"}\n', "is not a reference", ""),
    "unknown input": (
        ONE_STEP + '    with: {bulb: "${{ inputs.why }}"}\n',
        "`inputs.why` names nothing",
        "",
    ),
    "unknown fact": (
        ONE_STEP + '    with: {bulb: "${{ platform.uri }}"}\n',
        "`platform.uri` names nothing",
        "Did you mean `url`?",
    ),
    "secret without a secret": (
        ONE_STEP + '    with: {bulb: "${{ secret.sops }}"}\n',
        "needs a secret, and this runbook names none",
        "",
    ),
    "unknown run fact": (
        ONE_STEP + '    with: {bulb: "${{ run.pid }}"}\n',
        "`run.pid` names nothing",
        "",
    ),
    "unknown input type": (
        HEAD + "inputs: {n: {type: float, description: N.}}\nsteps: [{id: a, uses: lamp.light}]\n",
        "try.yaml:3:20: `inputs.n.type`",
        "",
    ),
    "limits of another type": (
        HEAD
        + "inputs: {n: {type: boolean, description: N., min_length: 3}}\nsteps: [{id: a, uses: lamp.light}]\n",
        "go with `type: string` alone",
        "",
    ),
    "reserved input": (
        HEAD
        + "inputs: {requested_by: {type: string, description: N.}}\nsteps: [{id: a, uses: lamp.light}]\n",
        "is an input of every runbook already",
        "",
    ),
    "later step": (
        HEAD
        + 'steps:\n  - {id: a, uses: lamp.light, with: {bulb: "${{ steps.b.bulb }}"}}\n  - {id: b, uses: lamp.light}\n',
        "refers to a step that comes later",
        "Move that step up",
    ),
    "own output": (
        ONE_STEP + '    with: {bulb: "${{ steps.a.bulb }}"}\n',
        "refers to a step that comes later or to itself",
        "",
    ),
    "unknown output": (
        HEAD
        + 'steps:\n  - {id: b, uses: lamp.light}\n  - {id: a, uses: lamp.light, with: {bulb: "${{ steps.b.blub }}"}}\n',
        "names no output of `b`",
        "lamp.light has: bulb.",
    ),
    "secret inside a text": (
        HEAD + MAKE + '  - {id: a, uses: lamp.light, with: {bulb: "x${{ steps.make.value }}"}}\n',
        "is a secret and stands inside a text",
        "",
    ),
    "secret in a plain parameter": (
        HEAD + MAKE + '  - {id: a, uses: lamp.light, with: {bulb: "${{ steps.make.value }}"}}\n',
        "`bulb` is not declared to hold one",
        "",
    ),
    "clear value in a secret parameter": (
        HEAD + "steps:\n  - {id: s, uses: lamp.store, with: {value: hunter2}}\n",
        "holds a secret written in clear",
        "rotate",
    ),
    "plain output in a secret parameter": (
        HEAD + MAKE + '  - {id: s, uses: lamp.store, with: {value: "${{ steps.make.label }}"}}\n',
        "must hold a secret",
        "",
    ),
    "reference in a title": (
        'runbook: try\ntitle: "${{ run.id }}"\nsteps: [{id: a, uses: lamp.light}]\n',
        "try.yaml:2:8: a reference has no meaning here",
        "",
    ),
    "duplicate id": (
        ONE_STEP + "  - {id: a, uses: lamp.light}\n",
        "try.yaml:6:10: there is already a step `a`",
        "",
    ),
    "duplicate key": (
        ONE_STEP + "title: Again\n",
        "try.yaml:6:1: `title` stands twice; first at line 2",
        "",
    ),
    "unknown group": (
        HEAD + "gate: {groups: [stuff]}\nsteps: [{id: a, uses: lamp.light}]\n",
        "try.yaml:3:17: unknown group `stuff`",
        "Did you mean `staff`?",
    ),
    "unknown group of a step": (
        ONE_STEP + "    gate: {groups: [nobody]}\n",
        "unknown group `nobody`",
        "Known: staff.",
    ),
    "unknown group of an escalation": (
        HEAD + "gate: {escalate: {after: 5m, to: [stuff]}}\nsteps: [{id: a, uses: lamp.light}]\n",
        "try.yaml:3:35: unknown group `stuff`",
        "Did you mean `staff`?",
    ),
    "unknown group to break the glass": (
        HEAD + "break_glass: {groups: [stuff]}\nsteps: [{id: a, uses: lamp.light}]\n",
        "try.yaml:3:24: unknown group `stuff`",
        "Did you mean `staff`?",
    ),
    "a reminder before the gate is there": (
        ONE_STEP + "    gate: {expires: 30m, remind: 30m}\n",
        "nobody can be reminded 30m before a gate expires that is open for 30m",
        "Let `remind` be shorter than `expires`.",
    ),
    "unknown secret": (
        "runbook: try\ntitle: Try\nsecret: the-kee\nsteps: [{id: a, uses: lamp.light}]\n",
        "try.yaml:3:9: the catalogue has no secret `the-kee`",
        "Did you mean `the-key`?",
    ),
    "secret from a plain input": (
        HEAD
        + 'secret: "${{ inputs.n }}"\ninputs: {n: {type: string, description: N.}}\nsteps: [{id: a, uses: lamp.light}]\n',
        "input of type secret",
        "",
    ),
    "gate none on a change": (ONE_STEP + "    gate: none\n", "may not go without a gate", ""),
    "gate none where evidence is asked": (
        HEAD + "steps: [{id: c, uses: lamp.confirm, gate: none}]\n",
        "may not go without a gate",
        "",
    ),
    "about a person and a secret": (
        ONE_STEP
        + "secret: the-key\ninputs: {who: {type: string, description: Who.}}\n"
        + 'about: "${{ inputs.who }}"\n',
        "try.yaml:8:8: a runbook is about a secret or about a person, not both",
        "Remove `secret` or `about`.",
    ),
    "about a name written out": (
        ONE_STEP + "about: nina\n",
        "try.yaml:6:8: `about` must be one reference to an input of type string",
        "For example `${{ inputs.person }}`.",
    ),
    "bad duration": (
        HEAD + "gate: {expires: soon}\nsteps: [{id: a, uses: lamp.light}]\n",
        "not a length of time; write for example",
        "",
    ),
    "revoke without verify": (
        HEAD + MAKE + TWO_STORES + "  - {id: r, uses: lamp.revoke}\n",
        "no step verifies the new one",
        "",
    ),
    "verify before the last change": (
        HEAD
        + MAKE
        + "  - {id: v, uses: lamp.verify}\n"
        + TWO_STORES
        + "  - {id: r, uses: lamp.revoke}\n",
        "no step verifies the new one",
        "",
    ),
    "verify may be skipped": (
        HEAD
        + MAKE
        + TWO_STORES
        + "  - {id: v, uses: lamp.verify, may_skip: true}\n  - {id: r, uses: lamp.revoke}\n",
        "may be skipped",
        "",
    ),
    "one store only": (
        HEAD
        + MAKE
        + '  - {id: store, uses: lamp.store, with: {value: "${{ steps.make.value }}"}}\n  - {id: light, uses: lamp.light}\n',
        "no step writes it to the mirror store",
        "vaultwarden.set",
    ),
    "mirror only": (
        HEAD
        + MAKE
        + '  - {id: mirror, uses: lamp.mirror, with: {value: "${{ steps.make.value }}"}}\n',
        "no step writes it to the truth store",
        "sops.set",
    ),
    "store may be skipped": (
        HEAD + MAKE + TWO_STORES.replace("lamp.mirror,", "lamp.mirror, may_skip: true,"),
        "may not be skipped",
        "",
    ),
    "never carried out": (
        HEAD + MAKE + TWO_STORES.rsplit("  - {id: light", 1)[0],
        "is stored and never carried out",
        "git.publish",
    ),
    "change after no return": (
        HEAD
        + "steps:\n  - {id: v, uses: lamp.verify}\n  - {id: r, uses: lamp.revoke}\n  - {id: late, uses: lamp.light}\n",
        "comes after `r`, from which there is no way back",
        "",
    ),
    "undeclared irreversible": (
        HEAD + "steps: [{id: ring, uses: lamp.ring}]\n",
        "cannot be undone and does not say so",
        "irreversible: true",
    ),
    "falsely irreversible": (ONE_STEP + "    irreversible: true\n", "can be undone", ""),
    "not a mapping": ("- a\n- b\n", "try.yaml:1:1: the file is a sequence, not a mapping", ""),
    "empty": ("", "the file is empty, not a mapping", ""),
    "tabs": ("runbook: try\n\ttitle: x\n", "try.yaml:2:1: not YAML", "spaces, never with tabs"),
    "anchors": (
        "a: &x [1]\nb: [*x, *x]\n",
        "try.yaml:1:4: anchors and aliases are not allowed: x",
        "",
    ),
    "tags": ("a: !!python/object:os.system 1\n", "tags are not allowed", ""),
    "two documents": (ONE_STEP + "---\na: 1\n", "not YAML", ""),
    "no steps": (HEAD + "steps: []\n", "`steps`", ""),
    "bad slug": (
        "runbook: Try It\ntitle: T\nsteps: [{id: a, uses: lamp.light}]\n",
        "try.yaml:1:10: `runbook`",
        "",
    ),
    "ten megabytes": ("a: " + "x" * 10_000_000, "more than 1048576", ""),
    "deep": ("a: " + "[" * 60 + "]" * 60, "nested deeper than 40 levels", ""),
    "numeric key": ("1: x\n", "a key must be a word", ""),
}
