"""A world for each module, and clients written apart from the doubles they talk to."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from sandbox.cluster.agenda import Pace
from sandbox.world import Options, World

if TYPE_CHECKING:
    from collections.abc import Iterator

BRISK = Options(pace=Pace(source=0.01, kustomize=0.01, operator=0.01, rollout=0.01, deadline=0.1))
DEVICE = {"device_identifier": "3f0c", "device_name": "tests", "device_type": "25"}


class VaultClient:
    """The protocol from its description: signs in by API key, opens and closes EncStrings."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.http = httpx.Client(base_url=world.urls["vaultwarden"])
        self.key = b""

    def token(self, **changes: str | None) -> httpx.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.world.vaultwarden.client_id,
            "client_secret": self.world.credentials.vaultwarden_client_secret,
            "scope": "api",
            **DEVICE,
            **changes,
        }
        given = {name: value for name, value in form.items() if value is not None}
        return self.http.post("/identity/connect/token", data=given)

    def sign_in(self) -> None:
        answer = self.token()
        assert answer.status_code == 200, answer.text
        session = answer.json()
        self.http.headers["Authorization"] = f"Bearer {session['access_token']}"
        user_key = open_text(self._stretched(session), session["Key"])
        private = serialization.load_der_private_key(
            open_text(user_key, session["PrivateKey"]), password=None
        )
        assert isinstance(private, RSAPrivateKey)
        oaep = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303
        wrapped = self.sync()["profile"]["organizations"][0]["key"]
        self.key = private.decrypt(b64decode(wrapped.removeprefix("4.")), oaep)

    def sync(self) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get("/api/sync?excludeDomains=true").json()
        return found

    def find(self, name: str) -> dict[str, Any]:
        ciphers: list[dict[str, Any]] = self.sync()["ciphers"]
        (found,) = [
            c for c in ciphers if c["deletedDate"] is None and self.open(c, c["name"]) == name
        ]
        return found

    def open(self, cipher: dict[str, Any], text: str) -> str:
        return open_text(self._key_of(cipher), text).decode()

    def seal(self, cipher: dict[str, Any], text: str) -> str:
        return seal_text(self._key_of(cipher), text.encode())

    def put(self, cipher: dict[str, Any], **changes: object) -> httpx.Response:
        body = {**cipher, "lastKnownRevisionDate": cipher["revisionDate"], **changes}
        return self.http.put(f"/api/ciphers/{cipher['id']}", json=body)

    def set(self, name: str, value: str) -> httpx.Response:
        cipher = self.find(name)
        login = {**cipher["login"], "password": self.seal(cipher, value)}
        return self.put(cipher, login=login)

    def _key_of(self, cipher: dict[str, Any]) -> bytes:
        return open_text(self.key, cipher["key"]) if cipher["key"] else self.key

    def _stretched(self, session: dict[str, Any]) -> bytes:
        email = self.world.vaultwarden.machine.email.encode()
        password = self.world.credentials.vaultwarden_master_password.encode()
        rounds = session["KdfIterations"]
        if session["Kdf"] == 0:
            master = hashlib.pbkdf2_hmac("sha256", password, email, rounds)
        else:
            master = Argon2id(
                salt=hashlib.sha256(email).digest(),
                length=32,
                iterations=rounds,
                lanes=session["KdfParallelism"],
                memory_cost=session["KdfMemory"] * 1024,
            ).derive(password)
        parts = [HKDFExpand(hashes.SHA256(), 32, info).derive(master) for info in (b"enc", b"mac")]
        return b"".join(parts)


def open_text(key: bytes, text: str) -> bytes:
    iv, body, mac = (b64decode(part) for part in text.removeprefix("2.").split("|"))
    assert hmac.compare_digest(mac, hmac.digest(key[32:], iv + body, "sha256"))
    opener = Cipher(algorithms.AES(key[:32]), modes.CBC(iv)).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    return unpadder.update(opener.update(body) + opener.finalize()) + unpadder.finalize()


def seal_text(key: bytes, clear: bytes) -> str:
    iv = secrets.token_bytes(16)
    padder = padding.PKCS7(128).padder()
    sealer = Cipher(algorithms.AES(key[:32]), modes.CBC(iv)).encryptor()
    body = sealer.update(padder.update(clear) + padder.finalize()) + sealer.finalize()
    parts = (iv, body, hmac.digest(key[32:], iv + body, "sha256"))
    return "2." + "|".join(b64encode(part).decode() for part in parts)


class KubeClient:
    """Plain HTTP with the engine's token."""

    def __init__(self, world: World) -> None:
        token = world.credentials.kubernetes_token
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=world.urls["kubernetes"], headers=headers)

    def patch(
        self, path: str, body: object, kind: str = "merge-patch+json", **query: str
    ) -> httpx.Response:
        headers = {"Content-Type": f"application/{kind}"}
        return self.http.patch(path, json=body, params=query, headers=headers)

    def annotate(self, path: str, **annotations: str) -> httpx.Response:
        named = {f"reconcile.fluxcd.io/{key}": value for key, value in annotations.items()}
        return self.patch(path, {"metadata": {"annotations": named}})

    def restart(self, path: str, moment: str, manager: str) -> httpx.Response:
        annotations = {"kubectl.kubernetes.io/restartedAt": moment}
        body = {"spec": {"template": {"metadata": {"annotations": annotations}}}}
        return self.patch(path, body, "strategic-merge-patch+json", fieldManager=manager)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.create(tmp_path_factory.mktemp("sandbox") / "world", options=BRISK) as made:
        yield made
        assert made.log.problems == []


@pytest.fixture
def vault(world: World) -> Iterator[VaultClient]:
    client = VaultClient(world)
    with client.http:
        yield client


@pytest.fixture
def signed_in(vault: VaultClient) -> VaultClient:
    vault.sign_in()
    return vault


@pytest.fixture
def kube(world: World) -> Iterator[KubeClient]:
    client = KubeClient(world)
    with client.http:
        yield client
    assert world.cluster.agenda.failures == []
