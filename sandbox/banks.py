"""Banks that know the certificates registered with them, and serve whoever signs with one.

Each keeps to another custom, as banks do: one takes any certificate of an organisation it knows,
one lets old and new stand side by side, one drops the old with the switch to the new. A call is
signed over a fresh text, as the HTTP signatures of the Berlin Group are, in a form of our own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.responses import JSONResponse, Response

from sandbox.routes import Call, Routes

if TYPE_CHECKING:
    from collections.abc import Iterable

Custom = Literal["side by side", "one at a time", "any of the organisation"]
CUSTOMS: dict[str, Custom] = {
    "bunq": "side by side",
    "abn-amro": "one at a time",
    "sparkasse": "any of the organisation",
}


def sha256_of(pem: str) -> str:
    """Return the SHA-256 of the first certificate in a text, in hex."""
    return first_certificate(pem).fingerprint(hashes.SHA256()).hex()


def first_certificate(pem: str) -> x509.Certificate:
    """Return the first certificate in a text; raise `ValueError` where there is none."""
    start = pem.find("-----BEGIN CERTIFICATE-----")
    return x509.load_pem_x509_certificate(pem[max(start, 0) :].encode())


class Banks:
    """Every bank, with who is registered there."""

    def __init__(self, known: Iterable[str]) -> None:
        self._registered: dict[str, list[x509.Certificate]] = {bank: [] for bank in CUSTOMS}
        for pem in known:
            for each in self._registered.values():
                each.append(first_certificate(pem))
        routes = Routes()
        routes.add("POST", "/{bank}/certificates", self._register)
        routes.add("POST", "/{bank}/accounts", self._serve)
        self.answer = routes

    def register(self, bank: str, pem: str) -> None:
        """Let a bank know a certificate, as a person does in its developer portal."""
        new = first_certificate(pem)
        if CUSTOMS[bank] == "one at a time":
            kept = [each for each in self._registered[bank] if _kind(each) != _kind(new)]
            self._registered[bank] = kept
        if new not in self._registered[bank]:
            self._registered[bank].append(new)

    def accepts(self, bank: str, pem: str) -> bool:
        """Tell whether the bank serves the holder of this certificate."""
        shown, known = first_certificate(pem), self._registered[bank]
        if CUSTOMS[bank] == "any of the organisation":
            return _organisation(shown) in {_organisation(each) for each in known}
        return shown in known

    def _register(self, call: Call, bank: str) -> Response:
        try:
            self.register(bank, call.body.decode())
        except (ValueError, KeyError):
            return JSONResponse({"message": "no such bank, or no certificate"}, status_code=400)
        return Response(status_code=204)

    def _serve(self, call: Call, bank: str) -> Response:
        try:
            said = call.json()
            pem, text, signature = said["certificate"], said["text"], said["signature"]
            key = first_certificate(pem).public_key()
            assert isinstance(key, ec.EllipticCurvePublicKey)
            key.verify(bytes.fromhex(signature), text.encode(), ec.ECDSA(hashes.SHA256()))
            is_known = self.accepts(bank, pem)
        except (ValueError, KeyError, TypeError, AssertionError, InvalidSignature):
            return JSONResponse({"code": "SIGNATURE_INVALID"}, status_code=401)
        if not is_known:
            return JSONResponse({"code": "CERTIFICATE_UNKNOWN"}, status_code=401)
        return JSONResponse({"accounts": []})


def _kind(certificate: x509.Certificate) -> bool:
    """Tell a QWAC from a QSealC: it may be used in TLS."""
    return any(each.oid == x509.ExtendedKeyUsage.oid for each in certificate.extensions)


def _organisation(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
    return str(found[0].value) if found else ""
