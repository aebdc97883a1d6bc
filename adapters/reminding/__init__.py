"""What has to be said about the ends of values and certificates, and saying it once.

It composes what other adapters read and send; the ladders are the engine's.
"""

from adapters.reminding.delivery import remind_each, remind_together, tell_faults
from adapters.reminding.gathering import Noticed, certificate_reminders, rotation_reminders

__all__ = [
    "Noticed",
    "certificate_reminders",
    "remind_each",
    "remind_together",
    "rotation_reminders",
    "tell_faults",
]
