"""Keystore files, version 3: a private key encrypted with a password, as Ethereum clients write them."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from pathlib import Path
from typing import Any

from Crypto.Cipher import AES
from Crypto.Protocol.KDF import scrypt

from protocol.addresses import keccak256
from protocol.signatures import address_of_private_key

# geth's standard parameters: a quarter of a GB and about a second.
SCRYPT = {"n": 1 << 18, "r": 8, "p": 1, "dklen": 32}
_MEMORY = 1 << 30


class KeystoreError(Exception):
    """The file cannot be read, is not a keystore, or the password is wrong. The message never has a secret in it."""


def read_key(path: Path, password: str) -> bytes:
    """The private key in a keystore file; raises KeystoreError."""
    try:
        document = json.loads(path.read_text())
    except OSError as error:
        raise KeystoreError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise KeystoreError(f"{path} is not a keystore file: it is not JSON.") from None
    return decrypt(document, password)


def decrypt(document: Any, password: str) -> bytes:
    """The private key in a keystore; raises KeystoreError."""
    try:
        crypto = {name.lower(): value for name, value in document.items()}["crypto"]
        if document["version"] != 3 or crypto["cipher"] != "aes-128-ctr":
            raise KeystoreError("Only keystores of version 3 with the cipher aes-128-ctr are supported.")
        derived = _derive(crypto["kdf"], crypto["kdfparams"], password)
        encrypted, mac = bytes.fromhex(crypto["ciphertext"]), bytes.fromhex(crypto["mac"])
        counter = bytes.fromhex(crypto["cipherparams"]["iv"])
        if not hmac.compare_digest(_mac(derived, encrypted), mac):
            raise KeystoreError("The password of the keystore is wrong.")
        key = _cipher(derived, counter, encrypted)
        if len(key) != 32:
            raise ValueError(len(key))
        address = address_of_private_key(key)[2:]
        if (document.get("address") or address).lower().removeprefix("0x") != address:
            raise KeystoreError("The keystore's address is not that of its key.")
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise KeystoreError(f"The keystore is malformed ({type(error).__name__}).") from None
    return key


def encrypt(private_key: bytes, password: str, parameters: dict[str, int] = SCRYPT) -> dict[str, Any]:
    """The keystore of a private key."""
    salt, counter = secrets.token_bytes(32), secrets.token_bytes(16)
    settings = {**parameters, "salt": salt.hex()}
    derived = _derive("scrypt", settings, password)
    encrypted = _cipher(derived, counter, private_key)
    return {
        "version": 3,
        "id": str(uuid.uuid4()),
        "address": address_of_private_key(private_key)[2:],
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": counter.hex()},
            "ciphertext": encrypted.hex(),
            "kdf": "scrypt",
            "kdfparams": settings,
            "mac": _mac(derived, encrypted).hex(),
        },
    }


def _derive(name: str, parameters: dict[str, Any], password: str) -> bytes:
    secret, salt, size = password.encode(), bytes.fromhex(parameters["salt"]), int(parameters["dklen"])
    if size < 32:
        raise KeystoreError("The keystore's derived key is too short.")
    if name == "scrypt":
        n, r, p = int(parameters["n"]), int(parameters["r"]), int(parameters["p"])
        if 128 * n * r > _MEMORY:
            raise KeystoreError("The keystore's key derivation needs more than a GB of memory.")
        # Not hashlib's: OpenSSL refuses an r of 1, which the specification's own example has.
        return bytes(scrypt(secret, salt, size, n, r, p))
    if name == "pbkdf2" and parameters["prf"] == "hmac-sha256":
        return hashlib.pbkdf2_hmac("sha256", secret, salt, int(parameters["c"]), size)
    raise KeystoreError("The keystore's key derivation is not supported: it is neither scrypt nor pbkdf2.")


def _mac(derived: bytes, encrypted: bytes) -> bytes:
    return keccak256(derived[16:32] + encrypted)


def _cipher(derived: bytes, counter: bytes, data: bytes) -> bytes:
    cipher = AES.new(derived[:16], AES.MODE_CTR, nonce=b"", initial_value=counter)
    return bytes(cipher.encrypt(data))
