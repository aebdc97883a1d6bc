"""What a reader of the encrypted files could read, told from git, and followed until it is over."""

from adapters.exposure.opening import inputs_of, rotations
from adapters.exposure.steps import steps
from adapters.exposure.tracking import judged_now

__all__ = ["inputs_of", "judged_now", "rotations", "steps"]
