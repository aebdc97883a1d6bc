"""Telling people something where they read it: chat, mail or whatever else Apprise can reach.

Addresses of targets hold tokens, so they stand in a file and are in no message and no log.
"""

from adapters.notify.sending import check, send
from adapters.notify.settings import NotifySettings

__all__ = ["NotifySettings", "check", "send"]
