"""git: the repository that Flux follows, and the step that makes a stored value count.

Until `git.publish` a new value is only on a branch of its run, encrypted; the cluster sees main.
How a value is carried from one version of a file to another is not known here: that is given as a
`Replay`, so that this adapter knows nothing of the encryption.
"""

from adapters.git.heads import published_heads
from adapters.git.publication import PublishOutputs, PublishParams, check, steps
from adapters.shared.checkout import GitSettings

__all__ = ["GitSettings", "PublishOutputs", "PublishParams", "check", "published_heads", "steps"]
