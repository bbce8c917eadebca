"""Signatures of contract wallets on the development chain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chain.abi import encode
from chain.rpc import RpcRefused, RpcUnreachable
from chain.wallet_signatures import is_valid_signature
from protocol.addresses import keccak256
from protocol.signatures import address_of_private_key
from tests.chain.devnet.client import Client, start
from tests.chain.wallet import Wallet, deploy_wallet, make_wallet

KEY, OTHER = (bytes([byte]) * 32 for byte in (0x11, 0x22))
DIGEST = keccak256(b"a sign-in message")


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    client = start(deployed=False)
    yield client
    client.node.close()


@pytest.fixture(scope="module")
def wallet(client: Client) -> Wallet:
    return make_wallet(client, KEY, address_of_private_key(KEY))


@pytest.fixture(scope="module")
def deployed(client: Client) -> Wallet:
    wallet = make_wallet(client, KEY, address_of_private_key(KEY))
    deploy_wallet(client, wallet)
    return wallet


def test_a_deployed_wallet_accepts_its_key_s_signature_alone(client: Client, deployed: Wallet) -> None:
    assert is_valid_signature(client, deployed.address, DIGEST, deployed.sign(DIGEST))
    assert not is_valid_signature(client, deployed.address, DIGEST, deployed.sign(DIGEST, OTHER))
    assert not is_valid_signature(client, deployed.address, keccak256(b"another"), deployed.sign(DIGEST))


def test_a_wallet_that_reverts_has_not_signed(client: Client, deployed: Wallet) -> None:
    assert not is_valid_signature(client, deployed.address, DIGEST, b"")
    assert not is_valid_signature(client, deployed.address, DIGEST, b"\x01" * 64)


def test_an_address_without_code_has_not_signed(client: Client, wallet: Wallet) -> None:
    assert not is_valid_signature(client, wallet.address, DIGEST, wallet.sign(DIGEST))
    assert not is_valid_signature(client, "0x" + "77" * 20, DIGEST, wallet.sign(DIGEST))


def test_a_contract_that_knows_no_signatures_has_not_signed(client: Client, wallet: Wallet) -> None:
    assert not is_valid_signature(client, wallet.factory, DIGEST, wallet.sign(DIGEST))


def test_a_wallet_that_is_not_deployed_yet_signs_through_its_factory(client: Client, wallet: Wallet) -> None:
    assert is_valid_signature(client, wallet.address, DIGEST, wallet.wrapped(DIGEST))
    assert client("eth_getCode", wallet.address, "latest") == "0x"
    assert not is_valid_signature(client, wallet.address, DIGEST, wallet.wrapped(DIGEST, OTHER))
    assert not is_valid_signature(client, wallet.address, keccak256(b"another"), wallet.wrapped(DIGEST))


def test_a_wrapped_signature_stays_valid_once_the_wallet_is_deployed(
    client: Client, deployed: Wallet
) -> None:
    assert is_valid_signature(client, deployed.address, DIGEST, deployed.wrapped(DIGEST))
    assert not is_valid_signature(client, deployed.address, DIGEST, deployed.wrapped(DIGEST, OTHER))


def test_a_factory_makes_no_wallet_for_another_address(client: Client, wallet: Wallet) -> None:
    for stranger in ("0x" + "77" * 20, wallet.factory, "0x" + "00" * 19 + "01", "0x" + "00" * 19 + "04"):
        assert not is_valid_signature(client, stranger, DIGEST, wallet.wrapped(DIGEST))


def test_a_factory_call_that_fails_has_deployed_nothing(client: Client, wallet: Wallet) -> None:
    assert not is_valid_signature(client, wallet.address, DIGEST, wallet.wrapped(DIGEST, preparation=b""))
    assert not is_valid_signature(
        client, wallet.address, DIGEST, wallet.wrapped(DIGEST, preparation=b"\xff" * 100)
    )


@pytest.mark.parametrize("body", [b"", b"\x00" * 31, b"\xff" * 96, encode(["uint256"], [2**200])])
def test_a_damaged_wrapped_signature_is_none(client: Client, wallet: Wallet, body: bytes) -> None:
    assert not is_valid_signature(client, wallet.address, DIGEST, body + bytes.fromhex("6492" * 16))


@pytest.mark.parametrize(
    "result", ["0x", "0x1626ba7e", "0x1626ba7e" + "00" * 27 + "01", "0xzz", None, "0x" + "00" * 32]
)
def test_only_the_whole_answer_counts(result: object) -> None:
    assert not is_valid_signature(lambda *_: result, "0x" + "77" * 20, DIGEST, b"x")


def test_a_node_that_refuses_is_a_no_and_one_that_is_away_is_an_error() -> None:
    def refuses(*_: object) -> object:
        raise RpcRefused(3, "execution reverted")

    def away(*_: object) -> object:
        raise RpcUnreachable("no answer")

    assert not is_valid_signature(refuses, "0x" + "77" * 20, DIGEST, b"x")
    with pytest.raises(RpcUnreachable):
        is_valid_signature(away, "0x" + "77" * 20, DIGEST, b"x")
