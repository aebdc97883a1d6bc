"""SOPS: the encrypted files in git that the cluster is reconciled from.

A new value is first a commit on the branch of its run: encrypted to the same people as before,
durable, and unseen by the cluster. `git.publish` makes it count. Cleartext only ever stands in
pipes and in memory.
"""

from adapters.sops.checks import check
from adapters.sops.location import SopsLocation
from adapters.sops.program import SopsSettings
from adapters.sops.replaying import replay
from adapters.sops.steps import steps

__all__ = ["SopsLocation", "SopsSettings", "check", "replay", "steps"]
