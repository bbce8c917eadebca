"""Signing in with a wallet, and everything that must not sign in."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connections
from eth_account import Account
from eth_account.messages import encode_defunct

from identity import siwe
from identity.models import Nonce, Token, User
from protocol.errors import Invalid
from protocol.wallet_signatures import key_signature

ANNA, BELA = Account.from_key("0x" + "11" * 32), Account.from_key("0x" + "22" * 32)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@pytest.fixture
def client(api, db):
    return api()


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def ask(client, who=ANNA):
    answer = client.post("auth/nonce", {"address": who.address})
    assert answer.status_code == 200
    return answer.json()


def sign(message, who=ANNA):
    return "0x" + bytes(who.sign_message(encode_defunct(text=message)).signature).hex()


def prove(client, message, signature=None, who=ANNA):
    return client.post("auth/verify", {"message": message, "signature": signature or sign(message, who)})


def refused(answer, status=401, code="unauthenticated", says=""):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()
    assert says in answer.json()["detail"]
    assert Token.objects.count() == 0


def test_a_wallet_signs_in(client, api):
    challenge = ask(client)
    assert challenge["message"] == (
        f"testserver wants you to sign in with your Ethereum account:\n{ANNA.address}\n\n"
        "Sign in to InfraMind staking. This moves no tokens and costs nothing.\n\n"
        f"URI: http://testserver/signin/\nVersion: 1\nChain ID: 31337\nNonce: {challenge['nonce']}\n"
        "Issued At: 2026-11-24T12:00:00Z\nExpiration Time: 2026-11-24T12:10:00Z"
    )
    answer = prove(client, challenge["message"])
    assert answer.status_code == 200
    signed = answer.json()
    assert (signed["address"], signed["expires_at"]) == (ANNA.address, "2026-12-24T12:00:00Z")
    assert api(signed["token"]).get("me").json()["address"] == ANNA.address


def test_any_letter_case_asks(client):
    challenge = client.post("auth/nonce", {"address": ANNA.address.lower()}).json()
    assert ANNA.address in challenge["message"]
    wrong = client.post("auth/nonce", {"address": ANNA.address.swapcase().replace("0X", "0x")})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "address_invalid")
    assert client.post("auth/nonce", {}).json()["code"] == "invalid"


def test_a_stale_token_does_not_stand_in_the_way(api, db):
    assert prove(api("stale"), ask(api("stale"))["message"]).status_code == 200


def test_a_nonce_is_good_once(client):
    message = ask(client)["message"]
    assert prove(client, message).status_code == 200
    Token.objects.all().delete()
    refused(prove(client, message), says="used")


def test_a_key_gives_no_second_token(client):
    message = ask(client)["message"]
    body = {"message": message, "signature": sign(message)}
    assert client.post("auth/verify", body, key="k").status_code == 200
    Token.objects.all().delete()
    refused(client.post("auth/verify", body, key="k"))


def test_a_wrong_signature_uses_the_nonce_up(client):
    message = ask(client)["message"]
    refused(prove(client, message, who=BELA), says="not this wallet's")
    refused(prove(client, message), says="used")
    assert Nonce.objects.get().used_at == NOON


@pytest.mark.parametrize("key", [None, "k"])
def test_a_nonce_that_nobody_gave(client, key):
    message = re.sub("Nonce: .*", "Nonce: " + "a" * 24, ask(client)["message"])
    refused(
        client.post("auth/verify", {"message": message, "signature": sign(message)}, key=key), says="unknown"
    )


def test_another_wallet_s_nonce(client):
    message = ask(client, BELA)["message"].replace(BELA.address, ANNA.address)
    refused(prove(client, message), says="another wallet")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("testserver wants", "evil.example wants", "evil.example"),
        ("testserver wants", "testserver:81 wants", "not here"),
        ("testserver wants", "https://testserver wants", "URI"),
        ("http://testserver/", "http://evil.example/", "URI"),
        ("http://testserver/", "http://testserver@evil.example/", "URI"),
        ("http://testserver/", "ftp://testserver/", "URI"),
        ("Chain ID: 31337", "Chain ID: 1", "chain"),
        ("Issued At: 2026-11-24T12:00:00Z", "Issued At: 2026-11-24T12:02:00Z", "future"),
        ("Issued At: 2026-11-24T12:00:00Z", "Issued At: 2026-11-24T11:50:00Z", "older"),
        ("Expiration Time: 2026-11-24T12:10:00Z", "Expiration Time: 2026-11-24T12:00:00Z", "expired"),
        ("Expiration Time: 2026-11-24T12:10:00Z", "Not Before: 2026-11-24T12:00:01Z", "not valid yet"),
    ],
)
def test_a_message_for_another_place_or_time(client, old, new, says):
    message = ask(client)["message"]
    assert old in message
    refused(prove(client, message.replace(old, new)), says=says)
    refused(prove(client, message), says="used")


def test_a_message_of_one_host_at_another(api, db, settings):
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    message = ask(api())["message"]
    other = api(SERVER_NAME="other.example")
    refused(prove(other, message), says="not here")


def test_a_message_expires_after_ten_minutes(client, noon):
    message = ask(client)["message"]
    noon.move_to(NOON + timedelta(minutes=10))
    refused(prove(client, message), says="too old")


def test_a_message_may_leave_out_what_it_may(client):
    message = re.sub("\nExpiration.*", "", ask(client)["message"])
    message = message.replace("Sign in to InfraMind staking. This moves no tokens and costs nothing.\n", "")
    more = "\nNot Before: 2026-11-24T11:00:00+00:00\nRequest ID: a%20b\nResources:\n- ipfs://x\n- https://a.b/c?d=e"
    assert prove(client, message + more).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m + "\n", lambda m: "\n" + m, lambda m: m.replace("\n", "\r\n"), lambda m: m.lower(),
        lambda m: m.replace("Version: 1", "Version: 2"), lambda m: m.replace("Version: 1\n", ""),
        lambda m: m.replace("Chain ID: 31337", "Chain ID: 0x1"), lambda m: m.replace("Nonce: ", "Nonce: é"),
        lambda m: m.replace("Sign in to", "Sign in\nto"), lambda m: m.replace("2026-11-24T12:00", "2026-13-24T12:00"),
        lambda m: m.replace("2026-11-24T12:00:00Z", "2026-11-24T12:00:00"), lambda m: m + "\nIssued At: now",
        lambda m: m.replace("0x", "0X"), lambda m: m.replace("testserver wants", "test server wants"),
        lambda m: m.replace(ANNA.address, ANNA.address[:-1]), lambda m: "", lambda m: "x" * 5_000,
        lambda m: m.replace(ANNA.address, "0x" + ANNA.address[2:].swapcase()),
    ],
)  # fmt: skip
def test_what_is_no_message_of_eip_4361(client, change):
    message = ask(client)["message"]
    refused(prove(client, change(message)), 400, "invalid")


@pytest.mark.parametrize(
    "signature",
    ["0x", "0x00", "0x" + "00" * 65, "0x" + "ff" * 65, "0x" + "ab" * 300, "0x" + "11" * 64 + "1d"],
)
def test_what_is_no_signature(client, signature):
    refused(prove(client, ask(client)["message"], signature))


def test_a_contract_wallet_is_refused_where_no_chain_is_configured(client):
    refused(prove(client, ask(client)["message"], "0x" + "ab" * 130), says="not connected to a chain")


def compact(signature):
    """The EIP-2098 form of a signature."""
    raw = bytes.fromhex(signature[2:])
    return "0x" + (raw[:32] + bytes([raw[32] | (raw[64] - 27) << 7]) + raw[33:64]).hex()


def with_parity(signature):
    """The form of go-ethereum's signer and of Ledger devices: a last byte of 0 or 1."""
    return signature[:-2] + {"1b": "00", "1c": "01"}[signature[-2:]]


@pytest.mark.parametrize("form", [compact, with_parity])
def test_a_signature_of_either_parity_signs_in_as_foreign_signers_write_it(client, noon, form):
    seen = set()
    for second in range(40):
        noon.move_to(NOON + timedelta(seconds=second))
        message = ask(client)["message"]
        signature = sign(message)
        seen.add(signature[-2:])
        answer = prove(client, message, form(signature))
        assert (answer.status_code, answer.json()["address"]) == (200, ANNA.address)
        if len(seen) == 2:
            return
    raise AssertionError("forty signatures of one parity")


@pytest.mark.parametrize("form", [compact, with_parity])
def test_a_foreign_form_of_somebody_else_s_signature_is_refused(client, form):
    message = ask(client)["message"]
    refused(prove(client, message, form(sign(message, BELA))), says="not this wallet's")


def test_a_compact_signature_is_good_once(client):
    message = ask(client)["message"]
    assert prove(client, message, compact(sign(message))).status_code == 200
    Token.objects.all().delete()
    refused(prove(client, message, sign(message)), says="used")


def test_the_example_of_eip_2098_is_expanded_as_there():
    r = "68a020a209d3d56c46f38cc50a33f704f4a9a10a59377f8dd762ac66910e9b90"
    s = "7e865ad05c4035ab5792787d4a0297a43617ae897930a6fe4d822b8faea52064"
    assert key_signature(bytes.fromhex(r + s)).hex() == r + s + "1b"
    r = "9328da16089fcba9bececa81663203989f2df5fe1faa6291a45381c81bd17f76"
    s = "139c6d6b623b42da56557e5e734a43dc83345ddfadec52cbe24d0cc64f550793"
    vs = "939c6d6b623b42da56557e5e734a43dc83345ddfadec52cbe24d0cc64f550793"
    assert key_signature(bytes.fromhex(r + vs)).hex() == r + s + "1c"


@pytest.mark.parametrize("signature", ["", "x", "0xz1", "0x123", 5, None, "0x" + " 1" * 65])
def test_what_is_not_even_hex(client, signature):
    answer = client.post("auth/verify", {"message": ask(client)["message"], "signature": signature})
    refused(answer, 400, "invalid")


def test_the_twin_of_a_signature(client):
    message = ask(client)["message"]
    raw = bytes.fromhex(sign(message)[2:])
    high = ORDER - int.from_bytes(raw[32:64], "big")
    assert high > HALF_ORDER
    twin = raw[:32] + high.to_bytes(32, "big") + bytes([55 - raw[64]])
    refused(prove(client, message, "0x" + twin.hex()))


def test_a_blocked_wallet_cannot_sign_in(client):
    User.objects.create(address=ANNA.address.lower(), is_active=False)
    refused(prove(client, ask(client)["message"]))


def test_the_grammar_is_anchored():
    with pytest.raises(Invalid):
        siwe.parse("x" * 10 + "\n" + "a wants you to sign in with your Ethereum account:")


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_once_one_signs_in(api):
    message = ask(api())["message"]
    signature, together = sign(message), threading.Barrier(8)

    def send(_):
        try:
            together.wait()
            return prove(api(), message, signature).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(send, range(8))) == [200] + [401] * 7
    assert Token.objects.count() == 1
