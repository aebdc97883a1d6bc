"""EncStrings and key derivation, against published vectors and hand-made ciphertext."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from pydantic import SecretStr

from adapters.vaultwarden.crypto import (
    SymmetricKey,
    WrongKey,
    decrypt,
    decrypt_text,
    decrypt_wrapped,
    encrypt,
    load_private_key,
)
from adapters.vaultwarden.kdf import ARGON2ID, PBKDF2, Kdf, derive_master_key, parse_kdf, stretch
from engine.errors import Refused

RAW = bytes(range(64))
KEY = SymmetricKey.parse(RAW)
IV = bytes(range(100, 116))
PASSWORD = SecretStr("correct horse")


def by_hand(clear: bytes, key: bytes = RAW, iv: bytes = IV, *, pad: bool = True) -> list[bytes]:
    """Encrypt with bare AES, padding and MAC spelled out."""
    missing = 16 - len(clear) % 16
    encryptor = Cipher(algorithms.AES256(key[:32]), modes.CBC(iv)).encryptor()
    padded = clear + bytes([missing]) * missing if pad else clear
    body = encryptor.update(padded) + encryptor.finalize()
    return [iv, body, hmac.digest(key[32:], iv + body, "sha256")]


def enc_string(kind: str, parts: list[bytes]) -> str:
    return f"{kind}." + "|".join(b64encode(part).decode() for part in parts)


def hkdf_expand(prk: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869, section 2.3."""
    made, block, count = b"", b"", 1
    while len(made) < length:
        block = hmac.digest(prk, block + info + bytes([count]), "sha256")
        made, count = made + block, count + 1
    return made[:length]


def test_hand_made_enc_string_is_opened() -> None:
    text = enc_string("2", by_hand("grüße".encode()))

    assert decrypt_text(KEY, text, "it") == "grüße"


def test_written_enc_string_can_be_opened_by_hand() -> None:
    text = encrypt(KEY, "a value of some length, ü")

    kind, _, rest = text.partition(".")
    iv, body, mac = (b64decode(part) for part in rest.split("|"))
    decryptor = Cipher(algorithms.AES256(RAW[:32]), modes.CBC(iv)).decryptor()
    padded = decryptor.update(body) + decryptor.finalize()
    assert kind == "2"
    assert mac == hmac.digest(RAW[32:], iv + body, "sha256")
    assert padded[: -padded[-1]].decode() == "a value of some length, ü"


def test_same_text_is_never_encrypted_the_same_way_twice() -> None:
    assert encrypt(KEY, "x") != encrypt(KEY, "x")


@pytest.mark.parametrize("part", [0, 1, 2])
def test_any_flipped_bit_is_refused_before_decryption(part: int) -> None:
    parts = by_hand(b"value")
    parts[part] = bytes([parts[part][0] ^ 1]) + parts[part][1:]

    with pytest.raises(WrongKey, match="the secret was not encrypted under the expected key"):
        decrypt(KEY, enc_string("2", parts), "the secret")


def test_wrong_padding_under_a_right_mac_is_refused() -> None:
    text = enc_string("2", by_hand(bytes(16), pad=False))

    with pytest.raises(Refused, match="not an encrypted text"):
        decrypt(KEY, text, "it")


@pytest.mark.parametrize("kind", ["0", "1", "3", "4", "5", "6", "7"])
def test_other_types_are_refused_even_if_their_mac_is_right(kind: str) -> None:
    text = enc_string(kind, by_hand(b"value"))

    with pytest.raises(Refused, match=f"type {kind}, and only type 2 is accepted"):
        decrypt(KEY, text, "it")


@pytest.mark.parametrize(
    "text",
    ["", "2.", "2.a|b|c", "value", "2.####|####|####", enc_string("2", by_hand(b"v")[:2]), "²."],
)
def test_what_is_no_enc_string_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(Refused) as caught:
        decrypt(KEY, text, "it")

    assert str(caught.value).startswith("it is not an encrypted text")


def test_text_that_is_not_utf8_is_refused_without_its_bytes() -> None:
    with pytest.raises(Refused, match="it is not text") as caught:
        decrypt_text(KEY, enc_string("2", by_hand(b"\xff\xfe\xfd")), "it")

    assert caught.value.__context__ is None


def test_wrapped_key_is_opened_with_rsa_oaep_sha1() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303
    wrapped = "4." + b64encode(private.public_key().encrypt(RAW, oaep)).decode()

    assert decrypt_wrapped(private, wrapped, "it") == RAW


def test_key_wrapped_to_somebody_else_is_refused() -> None:
    ours = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    wrapped = "4." + b64encode(bytes(256)).decode()

    with pytest.raises(WrongKey, match="not encrypted to our account"):
        decrypt_wrapped(ours, wrapped, "it")
    with pytest.raises(Refused, match="type 2, and only type 4"):
        decrypt_wrapped(ours, enc_string("2", by_hand(b"v")), "it")


def test_private_key_must_be_rsa() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    der = private.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )

    assert load_private_key(der).private_numbers() == private.private_numbers()
    with pytest.raises(Refused, match="no RSA key"):
        load_private_key(b"junk")


def test_keys_have_sixty_four_bytes_and_show_none_of_them() -> None:
    with pytest.raises(Refused, match="has 32 bytes, not 64"):
        SymmetricKey.parse(bytes(32))

    assert repr(KEY) == "SymmetricKey()"
    assert KEY.pin == hashlib.sha256(RAW).hexdigest()


def test_pbkdf2_gives_the_vector_of_rfc_7914_with_the_email_trimmed_and_lowered() -> None:
    master_key = derive_master_key(Kdf(PBKDF2, 1), SecretStr("passwd"), " SALT ")

    assert master_key.hex() == "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"


def test_argon2id_equals_another_implementation() -> None:
    kdf = Kdf(ARGON2ID, iterations=3, memory=16, parallelism=2)
    salt = hashlib.sha256(b"petra@example.org").digest()
    other = Argon2id(salt=salt, length=32, iterations=3, lanes=2, memory_cost=16 * 1024)

    derived = derive_master_key(kdf, PASSWORD, "Petra@Example.org")

    assert derived == other.derive(PASSWORD.get_secret_value().encode())


def test_stretching_is_hkdf_expand_of_rfc_5869_alone() -> None:
    prk = bytes.fromhex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
    vector = hkdf_expand(prk, bytes(range(0xF0, 0xFA)), 42)
    assert vector.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )

    key = stretch(prk)

    assert key.encryption == hkdf_expand(prk, b"enc", 32)
    assert key.authentication == hkdf_expand(prk, b"mac", 32)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((0, 5000, None, None), "too weak: PBKDF2 iterations is 5000"),
        ((0, 9_000_000, None, None), "too strong: PBKDF2 iterations"),
        ((1, 1, 64, 4), "too weak: Argon2id iterations"),
        ((1, 3, 8, 4), "too weak: Argon2id memory in MiB is 8"),
        ((1, 3, 1_000_000, 4), "too strong: Argon2id memory"),
        ((1, 3, 64, 99), "too strong: Argon2id parallelism"),
        ((1, 3, None, None), "neither PBKDF2 nor Argon2id"),
        ((2, 3, 64, 4), "neither PBKDF2 nor Argon2id"),
        ((None, None, None, None), "neither PBKDF2 nor Argon2id"),
    ],
)
def test_insane_parameters_of_a_server_are_refused(
    given: tuple[int | None, ...], words: str
) -> None:
    with pytest.raises(Refused, match=words) as caught:
        parse_kdf(*given)

    assert caught.value.hint


def test_usual_parameters_are_taken() -> None:
    assert parse_kdf(0, 600_000, None, None) == Kdf(PBKDF2, 600_000)
    assert parse_kdf(1, 3, 64, 4) == Kdf(ARGON2ID, 3, 64, 4)
