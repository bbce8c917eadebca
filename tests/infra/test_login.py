"""Signing in with a key or a token, and the stored configuration."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tomllib
from pathlib import Path

import pytest

from infra import keys

KEY = (1).to_bytes(32, "big")  # its address is Owen's
ANSWER = {"token": "fresh-token", "expires_at": "2026-12-24T12:00:00Z"}

# The test vectors of the Web3 Secret Storage definition; both hold the key below under "testpassword".
SECRET = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"
PBKDF2 = {
    "cipher": "aes-128-ctr",
    "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
    "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
    "kdf": "pbkdf2",
    "kdfparams": {
        "c": 262144, "dklen": 32, "prf": "hmac-sha256",
        "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
    },
    "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
}  # fmt: skip
SCRYPT = {
    "cipher": "aes-128-ctr",
    "cipherparams": {"iv": "83dbcc02d8ccb40e466191a123791e0e"},
    "ciphertext": "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
    "kdf": "scrypt",
    "kdfparams": {
        "dklen": 32, "n": 262144, "r": 1, "p": 8,
        "salt": "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
    },
    "mac": "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
}  # fmt: skip


def message(domain, address, nonce="n0nce1234"):
    return (
        f"{domain} wants you to sign in with your Ethereum account:\n{address}\n\nSign in to InfraMind.\n\n"
        f"URI: http://{domain}\nVersion: 1\nChain ID: 31337\nNonce: {nonce}\nIssued At: 2026-11-24T12:00:00Z"
    )


def recovered(text, signature):
    from coincurve import PublicKey

    raw = bytes.fromhex(signature[2:])
    assert raw[64] in (27, 28)
    message_bytes = text.encode()
    digest = keys.keccak(b"\x19Ethereum Signed Message:\n%d" % len(message_bytes) + message_bytes)
    public = PublicKey.from_signature_and_message(raw[:64] + bytes([raw[64] - 27]), digest, hasher=None)
    return keys.keccak(public.format(compressed=False)[1:])[-20:].hex()


@pytest.fixture
def server(api, values):
    """The sign-in of the network: it gives a token to whoever signed its message."""
    api.domain = api.url.removeprefix("http://")

    def nonce(request):
        return {"nonce": "n0nce1234", "message": message(api.domain, request.body["address"])}

    def verify(request):
        signer = recovered(request.body["message"], request.body["signature"])
        assert signer == request.body["message"].splitlines()[1][2:].lower()
        return {**ANSWER, "address": request.body["message"].splitlines()[1]}

    api.says("POST", "auth/nonce", nonce)
    api.says("POST", "auth/verify", verify)
    return api


@pytest.fixture
def secret_file(tmp_path):
    def write(text, mode=0o600):
        file = tmp_path / "key"
        file.write_text(text)
        file.chmod(mode)
        return str(file)

    return write


def keystore(crypto):
    return json.dumps({"crypto": crypto, "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6", "version": 3})


def test_a_key_signs_in_and_the_next_commands_need_no_more(bare, server, values, home, secret_file):
    result = bare(f"login --url {server.url}/api/v1/ --key", secret_file("0x" + KEY.hex() + "\n"))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"Signed in to {server.url} as {values.OWEN} until 2026-12-24 12:00:00 UTC.\n"
    assert bare("status --stake").exit_code == 0
    me = next(request for request in server.requests if request.path == "me")
    assert me.rights == "Bearer fresh-token"


def test_the_configuration_is_closed_to_others(bare, server, values, home, secret_file):
    bare(f"login --url {server.url} --key", secret_file(KEY.hex()))
    file = home / ".config" / "infra" / "config.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert os.listdir(file.parent) == ["config.toml"]
    stored = {"token": "fresh-token", "address": values.OWEN, "expires_at": "2026-12-24T12:00:00Z"}
    assert tomllib.loads(file.read_text()) == {"url": server.url, "sign_in": {server.url: stored}}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_configuration_that_others_can_touch_is_not_read(bare, server, home, secret_file, mode):
    bare(f"login --url {server.url} --key", secret_file(KEY.hex()))
    file = home / ".config" / "infra" / "config.toml"
    file.chmod(mode)
    before = len(server.requests)
    result = bare("status")
    assert (result.exit_code, result.stdout, len(server.requests)) == (1, "", before)
    assert result.stderr == (
        f"config_unsafe: The configuration file {file} is open to others (mode {mode:04o}). "
        f"Close it with `chmod 600 {file}` and try again.\n"
    )


def test_the_configuration_lies_where_xdg_says(bare, server, tmp_path, monkeypatch, secret_file):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    bare(f"login --url {server.url} --key", secret_file(KEY.hex()))
    assert (tmp_path / "xdg" / "infra" / "config.toml").exists()


def test_a_configuration_that_is_none(bare, home):
    file = home / ".config" / "infra" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("url = ")
    file.chmod(0o600)
    result = bare("status")
    assert (result.exit_code, result.stderr.partition(":")[0]) == (1, "config_invalid")


def test_a_token_goes_to_the_network_that_gave_it_only(bare, server, secret_file):
    bare(f"login --url {server.url} --key", secret_file(KEY.hex()))
    other = server.url.replace("127.0.0.1", "localhost")
    result = bare(f"status --stake --url {other}")
    assert result.stderr == f"unauthenticated: Not signed in to {other}: run `infra login --key FILE`.\n"


@pytest.mark.parametrize(("line", "typed"), [("login --token fresh", None), ("login", "fresh\n")])
def test_a_token_is_stored_once_the_network_accepts_it(bare, api, values, home, line, typed):
    result = bare(f"{line} --url {api.url}", typed=typed)
    assert (result.exit_code, result.stdout) == (0, f"Signed in to {api.url} as {values.OWEN}.\n")
    assert api.requests[0].rights == "Bearer fresh"
    stored = tomllib.loads((home / ".config" / "infra" / "config.toml").read_text())
    assert stored["sign_in"][api.url] == {"token": "fresh", "address": values.OWEN}


def test_a_token_the_network_refuses_is_not_stored(bare, api, home):
    api.refuses("GET", "me", 401, "unauthenticated", "The token is unknown.")
    result = bare(f"login --token forged --url {api.url}")
    assert (result.exit_code, result.stderr) == (1, "unauthenticated: The token is unknown.\n")
    assert not (home / ".config").exists()


def test_neither_key_nor_token_is_wrong_usage(bare, api):
    result = bare(f"login --url {api.url}", typed="")
    assert (result.exit_code, api.requests) == (2, [])


def test_logout_forgets(bare, server, secret_file):
    bare(f"login --url {server.url} --key", secret_file(KEY.hex()))
    assert bare("logout").stdout == f"Signed out of {server.url}.\n"
    assert bare("logout").stdout == f"Not signed in to {server.url}.\n"
    assert bare("status --stake").exit_code == 1


@pytest.mark.parametrize("mode", [0o640, 0o644, 0o606])
def test_a_key_file_that_others_can_touch_is_not_used(bare, server, secret_file, mode):
    file = secret_file(KEY.hex(), mode)
    result = bare(f"login --url {server.url} --key", file)
    assert (result.exit_code, server.requests) == (1, [])
    assert result.stderr.startswith(f"key_unsafe: The key file {file} is open to others (mode {mode:04o}).")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "00" * 32,
        "ff" * 32,
        "{}",
        '{"version": 3}',
        "{",
        "[]",
        '{"version":3,"crypto":{"cipher":"x"}}',
    ],
)
def test_a_file_without_a_key(bare, server, secret_file, text):
    result = bare(f"login --url {server.url} --key", secret_file(text), typed="testpassword\n")
    assert (result.exit_code, result.stderr.partition(":")[0], server.requests) == (1, "key_invalid", [])


@pytest.mark.parametrize("crypto", [PBKDF2, SCRYPT])
def test_a_keystore_opens_with_its_password(secret_file, tmp_path, crypto):
    file = Path(secret_file(keystore(crypto)))
    assert keys.read_key(file, lambda: "testpassword").hex() == SECRET


def test_a_password_beyond_ascii(secret_file):
    from Crypto.Cipher import AES

    derived = hashlib.scrypt("Schlüssel€".encode(), salt=b"s" * 32, n=4096, r=8, p=1, dklen=32)
    sealed = AES.new(derived[:16], AES.MODE_CTR, nonce=b"", initial_value=5).encrypt(KEY)
    crypto = {
        **SCRYPT,
        "cipherparams": {"iv": f"{5:032x}"},
        "ciphertext": sealed.hex(),
        "kdfparams": {"dklen": 32, "n": 4096, "r": 8, "p": 1, "salt": (b"s" * 32).hex()},
        "mac": keys.keccak(derived[16:] + sealed).hex(),
    }
    assert keys.read_key(Path(secret_file(keystore(crypto))), lambda: "Schlüssel€") == KEY


def test_a_keystore_signs_in_with_the_password_typed_or_in_a_file(bare, server, secret_file, tmp_path):
    file = secret_file(keystore(PBKDF2))
    assert bare(f"login --url {server.url} --key", file, typed="testpassword\n").exit_code == 0
    password = tmp_path / "password"
    password.touch(0o600)
    password.write_text("testpassword\n")
    assert bare(f"login --url {server.url} --key", file, "--password-file", str(password)).exit_code == 0
    assert len(server.posts()) == 4


def test_a_wrong_password_is_refused(bare, server, secret_file):
    result = bare(f"login --url {server.url} --key", secret_file(keystore(PBKDF2)), typed="testpasswort\n")
    assert (result.exit_code, server.requests) == (1, [])
    assert result.stderr == "password_wrong: The password does not open this keystore.\n"


def test_a_keystore_cannot_ask_for_all_the_memory(bare, server, secret_file):
    greedy = {**SCRYPT, "kdfparams": {**SCRYPT["kdfparams"], "n": 1 << 30}}
    result = bare(f"login --url {server.url} --key", secret_file(keystore(greedy)), typed="testpassword\n")
    assert result.exit_code == 1
    assert result.stderr.startswith("key_invalid: The keystore is damaged: it asks for more memory")


def test_no_message_for_another_place_is_signed(bare, server, secret_file):
    server.domain = "bank.example"
    file = secret_file(KEY.hex())
    result = bare(f"login --url {server.url} --key", file)
    ours = server.url.removeprefix("http://")
    assert (result.exit_code, [path for path, _ in server.posts()]) == (1, ["auth/nonce"])
    assert result.stderr == (
        f"message_suspect: The message signs in at bank.example, not at {ours}. Nothing was signed. "
        "If that is right, say --domain bank.example.\n"
    )
    assert bare(f"login --url {server.url} --domain bank.example --key", file).exit_code == 0


@pytest.mark.parametrize(
    "answer",
    [
        {"nonce": "n0nce1234", "message": "I owe you 1,000 IFM"},
        {"nonce": "n0nce1234", "message": message("localhost", "0x" + "1" * 40)},
        {"nonce": "0ther0ne1", "message": message("localhost", "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf")},
    ],
)
def test_no_message_of_another_kind_is_signed(bare, server, secret_file, answer):
    server.says("POST", "auth/nonce", answer)
    result = bare(f"login --url {server.url} --key", secret_file(KEY.hex()))
    assert (result.exit_code, result.stderr.partition(":")[0], len(server.posts())) == (
        1,
        "message_suspect",
        1,
    )


def test_a_wallet_elsewhere_signs_the_printed_message(bare, server, values):
    text = message(server.domain, values.OWEN)
    result = bare(f"login --url {server.url} --address {values.OWEN}", typed=keys.sign(KEY, text) + "\n")
    assert (result.exit_code, result.stderr) == (0, text + "\n")
    assert result.stdout == f"Signed in to {server.url} as {values.OWEN} until 2026-12-24 12:00:00 UTC.\n"
    without_prefix = keys.sign(KEY, text).removeprefix("0x")
    assert bare(f"login --url {server.url} --address {values.OWEN}", typed=without_prefix).exit_code == 0


@pytest.mark.parametrize("typed", ["", "\n", "0x\n", "sign it yourself\n", "0x123\n"])
def test_what_is_no_signature_is_not_sent(bare, server, values, typed):
    result = bare(f"login --url {server.url} --address {values.OWEN}", typed=typed)
    assert (result.exit_code, [path for path, _ in server.posts()]) == (1, ["auth/nonce"])
    assert result.stderr.endswith(
        "signature_invalid: The signature is 0x and hex digits. Nothing was sent.\n"
    )


def test_json_prints_the_answer(bare, server, values, secret_file):
    result = bare(f"login --json --url {server.url} --key", secret_file(KEY.hex()))
    assert json.loads(result.stdout) == {**ANSWER, "address": values.OWEN}
