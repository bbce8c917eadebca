"""Sign-in of contract wallets on a network with a chain."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from chain.devnet.server import Server
from protocol.addresses import checksum
from protocol.wallet_signatures import personal_digest
from tests.chain.devnet.client import Client, start
from tests.chain.wallet import Wallet, deploy_wallet, make_wallet

KEY = Account.from_key("0x" + "11" * 32)
OTHER = Account.from_key("0x" + "22" * 32)


@pytest.fixture(scope="module")
def node() -> Iterator[tuple[Client, str]]:
    """A development chain, and its URL."""
    client, server = start(deployed=False), Server(0)
    thread = threading.Thread(
        target=server.serve, args=[client.dispatcher.answer], kwargs={"poll_seconds": 0.01}
    )
    thread.start()
    yield client, server.url
    server.shutdown()
    thread.join()
    server.server_close()
    client.node.close()


@pytest.fixture
def wallet(node: tuple[Client, str], settings: Any, db: None) -> Wallet:
    client, url = node
    settings.INFRAMIND_CHAIN_RPC = (url,)
    return make_wallet(client, bytes(KEY.key), KEY.address.lower())


def message_for(api: Any, address: str) -> str:
    text: str = api().post("auth/nonce", {"address": checksum(address)}).json()["message"]
    return text


def prove(api: Any, message: str, signature: bytes) -> Any:
    return api().post("auth/verify", {"message": message, "signature": "0x" + signature.hex()})


def test_a_wallet_that_is_not_deployed_yet_signs_in(api: Any, wallet: Wallet) -> None:
    message = message_for(api, wallet.address)
    answer = prove(api, message, wallet.wrapped(personal_digest(message)))
    assert (answer.status_code, answer.json()["address"]) == (200, checksum(wallet.address))
    assert api(answer.json()["token"]).get("me").json()["address"] == checksum(wallet.address)


def test_a_deployed_wallet_signs_in_and_only_with_its_own_key(
    api: Any, wallet: Wallet, node: tuple[Client, str]
) -> None:
    deploy_wallet(node[0], wallet)
    message = message_for(api, wallet.address)
    assert prove(api, message, wallet.sign(personal_digest(message))).status_code == 200
    message = message_for(api, wallet.address)
    refused = prove(api, message, wallet.sign(personal_digest(message), bytes(OTHER.key)))
    assert (refused.status_code, refused.json()["detail"]) == (401, "The signature is not this wallet's.")


def test_a_wallet_with_a_key_signs_in_without_asking_the_chain(api: Any, db: None, settings: Any) -> None:
    settings.INFRAMIND_CHAIN_RPC = ("http://127.0.0.1:9",)
    message = message_for(api, KEY.address.lower())
    signature = bytes(KEY.sign_message(encode_defunct(text=message)).signature)
    assert prove(api, message, signature).status_code == 200


@pytest.fixture
def lying_node() -> Iterator[str]:
    """The URL of a node that says of every contract that it accepts the signature."""
    server = Server(0)

    def yes(body: bytes) -> bytes:
        answer = {"jsonrpc": "2.0", "id": json.loads(body)["id"], "result": "0x1626ba7e" + "00" * 28}
        return json.dumps(answer).encode()

    thread = threading.Thread(target=server.serve, args=[yes], kwargs={"poll_seconds": 0.01})
    thread.start()
    yield server.url
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("first", [True, False])
def test_one_node_of_two_that_lies_signs_nobody_in(
    api: Any, wallet: Wallet, node: tuple[Client, str], settings: Any, lying_node: str, first: bool
) -> None:
    nodes = (lying_node, node[1])
    settings.INFRAMIND_CHAIN_RPC = nodes if first else nodes[::-1]
    message = message_for(api, wallet.address)
    forged = wallet.sign(personal_digest(message), bytes(OTHER.key))
    refused = prove(api, message, forged)
    assert (refused.status_code, refused.json()["detail"]) == (401, "The signature is not this wallet's.")
    # The lie is believed where nobody else is asked.
    settings.INFRAMIND_CHAIN_RPC = (lying_node,)
    assert prove(api, message_for(api, wallet.address), forged).status_code == 200


def test_both_nodes_say_yes_to_the_wallets_own_signature(
    api: Any, wallet: Wallet, node: tuple[Client, str], settings: Any
) -> None:
    settings.INFRAMIND_CHAIN_RPC = (node[1], node[1] + "/second")
    message = message_for(api, wallet.address)
    assert prove(api, message, wallet.wrapped(personal_digest(message))).status_code == 200
    settings.INFRAMIND_CHAIN_RPC = (node[1], "http://127.0.0.1:9")
    message = message_for(api, wallet.address)
    assert prove(api, message, wallet.wrapped(personal_digest(message))).status_code == 401


def test_a_chain_that_does_not_answer_signs_nobody_in_and_says_so(
    api: Any, wallet: Wallet, settings: Any
) -> None:
    settings.INFRAMIND_CHAIN_RPC = ("http://127.0.0.1:9",)
    message = message_for(api, wallet.address)
    refused = prove(api, message, wallet.wrapped(personal_digest(message)))
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    assert refused.json()["detail"].startswith("The chain did not answer")


def test_the_page_says_whether_contract_wallets_can_sign_in(
    client: Any, wallet: Wallet, settings: Any
) -> None:
    assert "Contract wallets can sign in too." in client.get("/signin/").content.decode()
    settings.INFRAMIND_CHAIN_RPC = ()
    assert "not connected to a chain" in client.get("/signin/").content.decode()
