"""Bitwarden Secrets Manager: a mirror for teams that have it instead of Vaultwarden.

It goes through the PyPI package `bitwarden-sdk` (2.1.0), an optional extra, as the product is not
free software: the licence shipped in its wheel allows use only "in connection with a paid license
for a Bitwarden server product" (3.1) and not with other servers (3.3). Vaultwarden has no Secrets
Manager at all; use `vaultwarden.set` there.

Secrets Manager keeps no history and checks no revision, so the previous value is known only to the
run that replaced it, and each write is followed by a look.
"""

from adapters.bitwarden.client import SecretsManager, check
from adapters.bitwarden.models import BitwardenLocation
from adapters.bitwarden.settings import BitwardenSettings
from adapters.bitwarden.steps import steps

__all__ = ["BitwardenLocation", "BitwardenSettings", "SecretsManager", "check", "steps"]
