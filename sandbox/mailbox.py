"""Where mails arrive: a server that takes every mail it is handed, as SMTP (RFC 5321) asks."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage
from typing import Self

_GREETING, _DONE, _GO, _BYE = "220 here", "250 fine", "354 go ahead", "221 bye"
_END = b".\r\n"


class Mailbox:
    """A running mail server; mails are kept in the order in which they came."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self._server = _Server(("127.0.0.1", 0), _Session)
        self._server.mails = self.mails
        self._thread = threading.Thread(target=self._server.serve_forever, name="sandbox-mailbox")

    def address(self, sender: str, to: str) -> str:
        """Return the Apprise address by which this server is handed a mail."""
        port = self._server.server_address[1]
        return f"mailto://127.0.0.1:{port}?from={sender}&to={to}"

    def __enter__(self) -> Self:
        """Return the running mailbox."""
        self._thread.start()
        return self

    def __exit__(self, *_why: object) -> None:
        """End it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    mails: list[EmailMessage]


class _Session(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        """Answer one client, line by line, until it leaves."""
        self._say(_GREETING)
        while line := self.rfile.readline():
            match line.split()[0].upper():
                case b"DATA":
                    self._say(_GO)
                    self.server.mails.append(self._mail())
                    self._say(_DONE)
                case b"QUIT":
                    self._say(_BYE)
                    return
                case _:
                    self._say(_DONE)

    def _mail(self) -> EmailMessage:
        lines = iter(self.rfile.readline, _END)
        raw = b"".join(line.removeprefix(b".") if line[:2] == b".." else line for line in lines)
        return email.message_from_bytes(raw, EmailMessage, policy=email.policy.default)

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")
