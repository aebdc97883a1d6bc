"""Every secret of the catalogue at once: are the two stores equal, and how old is each value.

It composes what other adapters offer, as `adapters.standing` does for one secret. Each file is
decrypted once and the vault is read once, both in memory; what leaves is states, names and times.
Nothing is ever copied from one store to the other.
"""

from adapters.drift.ages import read_ages
from adapters.drift.comparing import compare_stores

__all__ = ["compare_stores", "read_ages"]
