"""One message to every target, through Apprise, which is imported when there is one to send."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic import SecretStr

from adapters.notify.settings import NotifySettings
from adapters.shared.files import read_secret
from engine.errors import Refused, Transient

if TYPE_CHECKING:
    from apprise import NotifyBase

TALKATIVE = ("apprise", "urllib3", "requests")
"""Loggers that may write an address, and with it the token in it."""


def send(settings: NotifySettings, title: str, body: str, link: str = "") -> None:
    """Send one message to all targets; `link` is put below it.

    Raises `Refused` if there is no target or one is no address, before anything is sent;
    `Transient` if a target did not take it, in which case others may have.
    """
    targets = _targets(settings)
    text = f"{body}\n\n{link}" if link else body
    with _silence():
        failed = _deliver(targets, title, text)
    if failed:
        places = ", ".join(str(number) for number in failed)
        raise Transient(
            f"{len(failed)} of {len(targets)} targets did not take the message: number {places} "
            f"of {settings.targets_file}",
            hint="Check the address there, and that it can be reached from here.",
        )


def check(settings: NotifySettings) -> str:
    """Return one sentence about the targets; nothing is sent. Raises `Refused` as `send` does."""
    targets = _targets(settings)
    with _silence():
        _plugins(targets)
    return f"{len(targets)} targets can be addressed"


def _targets(settings: NotifySettings) -> tuple[SecretStr, ...]:
    if settings.targets_file is None:
        raise Refused(
            "nobody can be told: `notify.targets_file` is not set",
            hint="Add it to the settings; docs/configuration.md says what goes into it.",
        )
    text = read_secret(settings.targets_file, "the list of targets").get_secret_value()
    lines = (line.strip() for line in text.splitlines())
    found = tuple(SecretStr(line) for line in lines if line and not line.startswith("#"))
    if not found:
        raise Refused(
            f"there is no target in {settings.targets_file}",
            hint="Write one Apprise address on each line.",
        )
    return found


def _deliver(targets: Sequence[SecretStr], title: str, text: str) -> list[int]:
    """Return the numbers of the targets that did not take the message, counted from 1."""
    plugins = _plugins(targets)
    return [n for n, plugin in enumerate(plugins, start=1) if not _notify(plugin, title, text)]


def _notify(plugin: NotifyBase, title: str, text: str) -> bool:
    """Send to one target; whatever it breaks with may hold its address, and is not passed on.

    Apprise is told that it is plain text, or a mail, which it writes as HTML, would lose its lines.
    """
    from apprise import Apprise, NotifyFormat  # noqa: PLC0415 - a third second

    try:
        return bool(Apprise(plugin).notify(title=title, body=text, body_format=NotifyFormat.TEXT))
    except Exception:  # noqa: BLE001 - hundreds of plugins, each with errors of its own
        return False


def _plugins(targets: Sequence[SecretStr]) -> list[NotifyBase]:
    from apprise import Apprise, AppriseAsset, PersistentStoreMode  # noqa: PLC0415 - a third second

    asset = AppriseAsset(storage_mode=PersistentStoreMode.MEMORY)  # tokens stay off the disk
    found = [Apprise.instantiate(each.get_secret_value(), asset=asset) for each in targets]
    wrong = [str(number) for number, plugin in enumerate(found, start=1) if plugin is None]
    if wrong:
        raise Refused(
            f"target {', '.join(wrong)} is no address that Apprise knows",
            hint="Correct it in notify.targets_file; Apprise's own pages list the forms.",
        )
    return [plugin for plugin in found if plugin is not None]


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the loggers that may quote an address from writing, and old modules from warning."""
    loggers = [logging.getLogger(name) for name in TALKATIVE]
    before = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        try:
            yield
        finally:
            for logger, level in zip(loggers, before, strict=True):
                logger.setLevel(level)
