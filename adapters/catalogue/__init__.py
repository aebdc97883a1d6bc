"""The catalogue: files that say where each secret lives, one beside the runbooks and one in git.

The one in git lies in the repository of the secrets. It gets its entries from runs, in the commit that
brings the value, so that there is never one without the other. Both are read as one.
"""

from adapters.catalogue.reading import read_catalogue, read_shipped
from adapters.catalogue.replaying import replay
from adapters.catalogue.steps import steps

__all__ = ["read_catalogue", "read_shipped", "replay", "steps"]
