"""What a pod of the sandbox hears when it calls another system over HTTP."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping

_SECONDS = 10


def status_of(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> int:
    """Return the status of the answer; 0 where there was none within 10 seconds."""
    request = urllib.request.Request(  # noqa: S310 - the address of a double
        url, body, dict(headers), method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0
