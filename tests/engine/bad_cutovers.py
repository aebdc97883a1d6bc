"""Runbooks whose cutover stands in the wrong place, told as in `bad_runbooks`."""

from __future__ import annotations

from tests.engine.bad_runbooks import HEAD, MAKE, TWO_STORES

STORE, MIRROR, _ = TWO_STORES.splitlines(keepends=True)
SWAP = """\
  - {id: swap, uses: lamp.swap, irreversible: true, with: {value: "${{ steps.make.value }}"}}
"""
OUT = "  - {id: out, uses: lamp.light}\n  - {id: see, uses: lamp.verify, gate: none}\n"

BAD_CUTOVERS = {
    "cutover to a value that one store lacks": (
        HEAD + MAKE + STORE + SWAP + MIRROR + OUT,
        "`swap` puts a value in force that the mirror store does not have yet",
        "Store it in both before",
    ),
    "carried out before the cutover": (
        HEAD + MAKE + TWO_STORES + SWAP + OUT,
        "`light` carries the value out before `swap` puts it in force",
        "Move `light` after `swap`.",
    ),
    "cutover that nobody carries out": (
        HEAD + MAKE + STORE + MIRROR + SWAP,
        "after `swap` no step that is never skipped carries the new value out and verifies it",
        "Publish, reconcile and restart after it",
    ),
    "cutover with a proof that may be left out": (
        HEAD + MAKE + STORE + MIRROR + SWAP + OUT.replace("gate: none", "may_skip: true"),
        "after `swap` no step that is never skipped",
        "",
    ),
    "cutover that may be skipped": (
        HEAD + MAKE + STORE + MIRROR + SWAP.replace("irrev", "may_skip: true, irrev") + OUT,
        "`swap` may not be skipped",
        "Remove `may_skip`.",
    ),
    "store after the cutover": (
        HEAD + MAKE + STORE + MIRROR + SWAP + STORE.replace("id: store", "id: again") + OUT,
        "`again` comes after `swap`",
        "Move `again` before `swap`.",
    ),
    "undeclared cutover": (
        HEAD + MAKE + STORE + MIRROR + SWAP.replace(", irreversible: true", "") + OUT,
        "`swap` cannot be undone and does not say so",
        "Add `irreversible: true`",
    ),
}
