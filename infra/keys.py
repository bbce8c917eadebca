"""Key files: a raw key in hex, or an Ethereum keystore (version 3) under a password."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra import private_files
from infra.refusals import Refused

# Limits of scrypt, above those of usual wallets: a file must not consume unlimited memory and time.
SCRYPT_WORK = 1 << 30
PBKDF2_ROUNDS = 10_000_000
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def read_key(file: Path, password: Callable[[], str]) -> bytes:
    """The 32 bytes of a private key; `password` is asked only when the file is a keystore.

    Raises `key_unsafe` when others can read the file, `key_invalid` when there is no key in it, and
    `password_wrong`.
    """
    text = private_files.read(file, code="key_unsafe", what="The key file").strip()
    if text.startswith("{"):
        key = _open_keystore(_keystore(file, text), password)
    elif re.fullmatch(r"(0x)?[0-9a-fA-F]{64}", text):
        key = bytes.fromhex(text.removeprefix("0x"))
    else:
        raise Refused("key_invalid", f"{file} holds neither a key of 64 hex digits nor an Ethereum keystore.")
    if not 0 < int.from_bytes(key, "big") < ORDER:
        raise Refused("key_invalid", f"The number in {file} is outside the range of private keys.")
    return key


def _keystore(file: Path, text: str) -> dict[str, Any]:
    try:
        store = json.loads(text)
    except ValueError:
        store = {}
    crypto = store.get("crypto") or store.get("Crypto")
    if store.get("version") != 3 or not isinstance(crypto, dict):
        raise Refused("key_invalid", f"{file} is JSON, but not an Ethereum keystore of version 3.")
    return crypto


def _open_keystore(crypto: dict[str, Any], password: Callable[[], str]) -> bytes:
    try:
        if crypto["cipher"] != "aes-128-ctr":
            raise Refused("key_invalid", f"The keystore's cipher {crypto['cipher']!r} is not known here.")
        ciphertext = bytes.fromhex(crypto["ciphertext"])
        iv, mac = bytes.fromhex(crypto["cipherparams"]["iv"]), bytes.fromhex(crypto["mac"])
        derived = _derive(crypto["kdf"], crypto["kdfparams"], password)
    except (KeyError, TypeError, ValueError) as error:
        raise Refused("key_invalid", f"The keystore is damaged: {error}.") from None
    if not hmac.compare_digest(keccak(derived[16:32] + ciphertext), mac):
        raise Refused("password_wrong", "The password does not open this keystore.")
    return _decrypt(derived[:16], iv, ciphertext)


def _derive(kdf: str, parameters: dict[str, Any], password: Callable[[], str]) -> bytes:
    from Crypto.Protocol.KDF import scrypt

    salt, length = bytes.fromhex(parameters["salt"]), parameters["dklen"]
    if length != 32:
        raise ValueError(f"a derived key of {length} bytes")
    if kdf == "scrypt":
        n, r, p = parameters["n"], parameters["r"], parameters["p"]
        if 128 * n * r * p > SCRYPT_WORK:
            raise ValueError("it asks for more memory or time than a keystore needs")
        # Not hashlib's: OpenSSL refuses settings that other wallets write.
        return bytes(scrypt(password().encode(), salt, length, N=n, r=r, p=p))
    if kdf == "pbkdf2" and parameters["prf"] == "hmac-sha256" and parameters["c"] <= PBKDF2_ROUNDS:
        return hashlib.pbkdf2_hmac("sha256", password().encode(), salt, parameters["c"], length)
    raise ValueError(f"key derivation {kdf!r} with these settings is not known here")


def _decrypt(key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
    from Crypto.Cipher import AES

    counter = int.from_bytes(iv, "big")
    plain = AES.new(key, AES.MODE_CTR, nonce=b"", initial_value=counter).decrypt(ciphertext)
    if len(plain) != 32:
        raise Refused("key_invalid", "The keystore does not hold a key of 32 bytes.")
    return plain


def keccak(data: bytes) -> bytes:
    """Keccak-256, Ethereum's hash."""
    from Crypto.Hash import keccak as hashes

    return hashes.new(digest_bits=256, data=data).digest()


def address_of(key: bytes) -> str:
    """The EIP-55 address of a private key."""
    from coincurve import PrivateKey

    digits = keccak(PrivateKey(key).public_key.format(compressed=False)[1:])[-20:].hex()
    check = keccak(digits.encode()).hex()
    return "0x" + "".join(d.upper() if int(c, 16) >= 8 else d for d, c in zip(digits, check, strict=False))


def sign(key: bytes, message: str) -> str:
    """The EIP-191 signature of a text (`personal_sign`): r, s, v in hex."""
    from coincurve import PrivateKey

    message_bytes = message.encode()
    digest = keccak(b"\x19Ethereum Signed Message:\n" + str(len(message_bytes)).encode() + message_bytes)
    signature = PrivateKey(key).sign_recoverable(digest, hasher=None)
    return "0x" + signature[:64].hex() + f"{signature[64] + 27:02x}"
