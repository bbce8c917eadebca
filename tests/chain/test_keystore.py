"""Keystore files: those of eth-account, the specification's own, and broken ones."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from chain.keystore import KeystoreError, decrypt, encrypt, read_key
from protocol.addresses import keccak256
from protocol.signatures import address_of_private_key

KEY = keccak256(b"a wallet of the tests")
PASSWORD = "correct horse, größer"
CHEAP = {"n": 2, "r": 8, "p": 1, "dklen": 32}

# The two test vectors of the Web3 Secret Storage Definition.
VECTOR_KEY = bytes.fromhex("7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d")
PBKDF2 = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
        "kdf": "pbkdf2",
        "kdfparams": {
            "c": 262144,
            "dklen": 32,
            "prf": "hmac-sha256",
            "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
        },
        "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}
SCRYPT = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
        "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
        "kdf": "scrypt",
        "kdfparams": {
            "dklen": 32,
            "n": 262144,
            "p": 8,
            "r": 1,
            "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
        },
        "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}


@pytest.fixture(scope="module")
def keystore() -> dict[str, Any]:
    return encrypt(KEY, PASSWORD, CHEAP)


@pytest.mark.parametrize("document", [PBKDF2, SCRYPT], ids=["pbkdf2", "scrypt"])
def test_the_vectors_of_the_specification_open(document: dict[str, Any]) -> None:
    assert decrypt(document, "testpassword") == VECTOR_KEY


def test_what_is_encrypted_opens_with_its_password(keystore: dict[str, Any]) -> None:
    assert decrypt(keystore, PASSWORD) == KEY
    assert bytes(Account.decrypt(keystore, PASSWORD)) == KEY
    assert keystore["address"] == address_of_private_key(KEY)[2:]
    assert KEY.hex() not in json.dumps(keystore)


@pytest.mark.parametrize("kdf", ["scrypt", "pbkdf2"])
def test_a_keystore_of_eth_account_opens(kdf: Any, tmp_path: Path) -> None:
    path = tmp_path / "oracle.json"
    path.write_text(json.dumps(Account.encrypt(KEY, PASSWORD, kdf=kdf, iterations=2)))
    assert read_key(path, PASSWORD) == KEY


def test_a_wrong_password_is_refused(keystore: dict[str, Any]) -> None:
    for password in ("", "correct horse", PASSWORD + " "):
        with pytest.raises(KeystoreError, match=r"The password of the keystore is wrong\."):
            decrypt(keystore, password)


def test_keys_are_encrypted_differently_every_time(keystore: dict[str, Any]) -> None:
    again = encrypt(KEY, PASSWORD, CHEAP)
    assert again["crypto"]["ciphertext"] != keystore["crypto"]["ciphertext"]


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("version",), 1, "Only keystores of version 3"),
        (("crypto", "cipher"), "aes-256-cbc", "Only keystores of version 3"),
        (("crypto", "kdf"), "argon2", "key derivation is not supported"),
        (("crypto", "kdfparams", "n"), 3, "malformed"),
        (("crypto", "kdfparams", "n"), "many", "malformed"),
        (("crypto", "kdfparams", "n"), 2**40, "more than a GB of memory"),
        (("crypto", "kdfparams", "dklen"), 16, "too short"),
        (("crypto", "mac"), "zz", "malformed"),
        (("crypto", "mac"), "00" * 32, "password of the keystore is wrong"),
        (("crypto", "ciphertext"), "00" * 32, "password of the keystore is wrong"),
        (("crypto", "cipherparams"), {}, "malformed"),
        (("crypto",), None, "malformed"),
        (("address",), "00" * 20, "address is not that of its key"),
    ],
    ids=str,
)
def test_a_broken_keystore_is_refused(
    keystore: dict[str, Any], path: tuple[str, ...], value: Any, sentence: str
) -> None:
    document = copy.deepcopy(keystore)
    target = document
    for name in path[:-1]:
        target = target[name]
    target[path[-1]] = value
    with pytest.raises(KeystoreError, match=sentence):
        decrypt(document, PASSWORD)


@pytest.mark.parametrize("document", [None, [], 5, "text", {}])
def test_other_json_is_refused(document: Any) -> None:
    with pytest.raises(KeystoreError, match="malformed"):
        decrypt(document, PASSWORD)


def test_a_file_that_is_missing_or_no_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeystoreError, match=r"oracle\.json cannot be read: No such file"):
        read_key(tmp_path / "oracle.json", PASSWORD)
    (tmp_path / "oracle.json").write_text("{")
    with pytest.raises(KeystoreError, match="it is not JSON"):
        read_key(tmp_path / "oracle.json", PASSWORD)
    (tmp_path / "oracle.json").write_bytes(b"\xff\xfe")
    with pytest.raises(KeystoreError, match="it is not JSON"):
        read_key(tmp_path / "oracle.json", PASSWORD)
