"""What the HTTP library may say about itself at its most talkative: everything but cookies.

`httpcore` writes the headers of each answer to its log at DEBUG (`httpcore/_trace.py`), and a
`Set-Cookie` is a session: whoever has it is let in. Headers that we send are not written there.
"""

from __future__ import annotations

import logging
import re

LOGGERS = ("httpcore.http11", "httpcore.http2")
_COOKIE = re.compile(
    r"""(\(b'set-cookie', )b(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""", re.IGNORECASE
)


class WithoutCookies(logging.Filter):
    """Replaces the value of every `Set-Cookie` in a line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the line where it has to be changed; none is dropped."""
        said = record.getMessage()
        masked = _COOKIE.sub(r"\1b'***'", said)
        if masked != said:
            record.msg, record.args = masked, ()
        return True


def quieten() -> None:
    """Keep cookies out of the library's lines, in this process from now on; twice is as once."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(each, WithoutCookies) for each in logger.filters):
            logger.addFilter(WithoutCookies())
