"""People told: one text to every address of a list, through Apprise.

Apprise speaks to mail, chat, pagers and plain webhooks by URL. Such a URL often holds a token, so
the list is a credential file, and no URL ever enters a message of ours.
"""

from __future__ import annotations

import logging
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from adapters.shared.files import read_secret
from engine.errors import Refused, Transient


class NoticeSettings(BaseModel):
    """Whom to tell about gates that wait and glass that was broken."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    urls_file: Path | None = Field(
        None, description="File with an Apprise URL on each line; nobody is told without one."
    )


def send(settings: NoticeSettings, title: str, text: str) -> bool:
    """Tell everybody on the list; return whether there is one.

    Raises `Refused` if the list cannot be used, `Transient` if somebody could not be told.
    """
    if settings.urls_file is None:
        return False
    from apprise import Apprise, NotifyFormat  # noqa: PLC0415 - takes half a second to import

    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its words quote the address
    lines = read_secret(settings.urls_file, "the list of addresses").get_secret_value().split("\n")
    told = Apprise()
    for number, line in enumerate(lines, start=1):
        url = line.strip()
        if url and not url.startswith("#") and not told.add(url):
            raise Refused(
                f"line {number} of {settings.urls_file} is no address that Apprise knows",
                hint="One URL a line, such as json://host/path or mailto://…",
            )
    if not told.notify(body=text, title=title, body_format=NotifyFormat.TEXT):
        raise Transient(
            f"not everybody in {settings.urls_file} could be told",
            hint="Check the addresses; what was to be told is in the ledger.",
        )
    return True
