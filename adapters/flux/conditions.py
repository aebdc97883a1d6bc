"""What the status of a Flux object says: pure functions of plain documents.

`lastHandledReconcileAt` is set even when a reconcile failed and `lastAttemptedRevision` before it
has succeeded, so neither is read as success here (kustomize-controller 1.9, finalizeStatus).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Document: TypeAlias = Mapping[str, Any]

LONGEST_MESSAGE = 200
"""Characters of a message of Flux that are shown at most."""

_STILL_GOING = frozenset({"Progressing", "ProgressingWithRetry", "DependencyNotReady"})
_USERINFO = re.compile(r"//[^/@\s]+@")
_JUDGED_VALUE = re.compile(r"(?i)(invalid value:\s*)(\"(?:[^\"\\]|\\.)*\"?|\S+)")
_LONG_WORD = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Ready:
    """The Ready condition of a Flux object."""

    status: str
    """`True`, `False`, `Unknown`, or empty where there is no such condition."""
    reason: str
    message: str
    """Scrubbed and cut; it may be shown."""
    is_current: bool
    """It is about the object as it is now, not about a generation before."""

    @property
    def holds(self) -> bool:
        """Tell whether the object is ready as it is now."""
        return self.status == "True" and self.is_current

    @property
    def is_busy(self) -> bool:
        """Tell whether the object as it is now is being looked at once more."""
        return self.status == "Unknown" and self.is_current

    @property
    def has_failed(self) -> bool:
        """Tell whether the object has failed as it is now, and is not just waiting for others."""
        return self.status == "False" and self.is_current and self.reason not in _STILL_GOING


def ready_of(document: Document) -> Ready:
    """Return the Ready condition of a GitRepository or Kustomization."""
    status = document.get("status") or {}
    generation = int((document.get("metadata") or {}).get("generation") or 0)
    conditions = (each for each in status.get("conditions") or () if each.get("type") == "Ready")
    found: Document = next(conditions, {})
    seen = min(
        int(status.get("observedGeneration") or 0),
        int(found.get("observedGeneration") or generation),
    )
    return Ready(
        status=str(found.get("status", "")),
        reason=scrub(str(found.get("reason", ""))),
        message=scrub(str(found.get("message", ""))),
        is_current=seen >= generation,
    )


def is_suspended(document: Document) -> bool:
    """Tell whether Flux has been told to leave this object alone."""
    return bool((document.get("spec") or {}).get("suspend"))


def artifact_revision(source: Document) -> str:
    """Return the revision that a source has fetched, e.g. `main@sha1:<commit>`."""
    return str(((source.get("status") or {}).get("artifact") or {}).get("revision", ""))


def applied_revision(kustomization: Document) -> str:
    """Return the last revision that was applied and found healthy."""
    return str((kustomization.get("status") or {}).get("lastAppliedRevision", ""))


def attempted_revision(kustomization: Document) -> str:
    """Return the last revision that was tried, whether or not it was applied."""
    return str((kustomization.get("status") or {}).get("lastAttemptedRevision", ""))


def handled_request(document: Document) -> str:
    """Return the token of the last request that Flux has dealt with, well or not."""
    return str((document.get("status") or {}).get("lastHandledReconcileAt", ""))


def scrub(message: str) -> str:
    """Return at most `LONGEST_MESSAGE` characters of a message, without what may be a secret.

    An admission error quotes the value it rejects, and an address may hold a password.
    """
    text = " ".join(message.split())
    text = _USERINFO.sub("//…@", text)
    text = _JUDGED_VALUE.sub(r"\1…", text)
    text = _LONG_WORD.sub(_kept_or_masked, text)
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"


def _kept_or_masked(word: re.Match[str]) -> str:
    text = word.group()
    is_plain = _COMMIT.fullmatch(text) or "/" in text or not any(each.isdigit() for each in text)
    return text if is_plain else "…"
