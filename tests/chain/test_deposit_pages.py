"""Adding IFM on the pages: the faucet of the development chain, the transaction, and what becomes of it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from eth_account import Account

from chain.contracts import load
from chain.devnet.accounts import FAUCET
from chain.devnet.deployment import SETTLEMENT, TOKEN
from chain.devnet.server import Server
from chain.selectors import PENDING_DEPOSITS_KEY, PendingDeposit
from identity.models import User
from protocol.addresses import checksum
from protocol.amounts import MICRO
from tests.chain.deposits import mirrored
from tests.chain.devnet.client import Client as Chain
from tests.chain.devnet.client import start
from tests.network import START, Network

ANNA, BERT = "0x" + "a1" * 20, "0x" + "b2" * 20
PAGE = f"/wallets/{ANNA}/deposits/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def network(settings: Any) -> Network:
    settings.INFRAMIND_CHAIN_RPC = ("http://user:secret@127.0.0.1:9",)
    settings.INFRAMIND_CHAIN_SETTLEMENT = SETTLEMENT
    settings.INFRAMIND_CHAIN_TOKEN = TOKEN
    return Network()


@pytest.fixture
def development_chain(settings: Any, tmp_path: Path) -> Iterator[Chain]:
    """The development chain as `make run` leaves its addresses."""
    chain, server = start(automine=True), Server(0)
    thread = threading.Thread(
        target=server.serve, args=[chain.dispatcher.answer], kwargs={"poll_seconds": 0.01}
    )
    thread.start()
    settings.DATA_DIR, settings.INFRAMIND_CHAIN_EMBEDDED = tmp_path, True
    (tmp_path / "chain").mkdir()
    addresses = {"rpc": server.url, "chain_id": 31337, "settlement": SETTLEMENT, "token": TOKEN}
    (tmp_path / "chain" / "addresses.json").write_text(json.dumps(addresses))
    Network()
    yield chain
    server.shutdown()
    thread.join()
    server.server_close()
    chain.node.close()


def sign_in(wallet: str) -> Client:
    client = Client()
    client.force_login(User.objects.create(address=wallet))
    return client


def text_of(client: Client, path: str = PAGE, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


@pytest.mark.usefixtures("network")
def test_the_transaction_of_an_amount_is_ready_to_send_and_to_copy() -> None:
    anna = sign_in(ANNA)
    assert "Add IFM" in text_of(anna, "/portfolio/")
    assert "data-send" not in text_of(anna)
    text = text_of(anna, f"{PAGE}?amount=12.5")
    calldata = "0xdd467064" + f"{12_500_000:064x}"
    assert f'data-calldata="{calldata}"' in text
    assert f'data-from="{ANNA}"' in text
    assert f"cast send {checksum(TOKEN)} &quot;lock(uint256)&quot; 12500000 --rpc-url" in text
    assert "secret" not in text
    assert "Get tokens on the chain" not in text


def test_the_permit_of_a_transaction_locks_for_whoever_signs_it(development_chain: Chain) -> None:
    owner = Account.from_key("0x" + "11" * 32)
    development_chain("devnet_faucet", owner.address, hex(20 * MICRO))
    page = sign_in(owner.address.lower()).get(f"/wallets/{owner.address.lower()}/deposits/?amount=12.5")
    commands = page.context["transaction"].permit
    data = re.findall("--data '(.*)'", commands)[0]
    typed = json.loads(data.replace("'$nonce'", "0").replace("'$deadline'", "9" * 10))
    signed = owner.sign_typed_data(full_message=typed)
    r, s = (number.to_bytes(32) for number in (signed.r, signed.s))
    call = load("IFM").call("lock_with_permit", owner.address, 12_500_000, 9_999_999_999, signed.v, r, s)
    development_chain.send(FAUCET, TOKEN, call, gas=200_000)
    assert development_chain.token("locked", owner.address) == 12_500_000
    assert f'bytes32,bytes32)" {owner.address} 12500000 $deadline' in commands


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("amount", ["0", "-1", "1.2345678", "x", "99999999999999"])
def test_an_amount_that_cannot_be_locked_is_refused_at_its_field(amount: str) -> None:
    text = text_of(sign_in(ANNA), f"{PAGE}?amount={amount}", 400)
    assert "data-send" not in text
    assert 'aria-invalid="true"' in text


def test_deposits_are_listed_with_their_confirmations_for_everybody(network: Network) -> None:
    mirrored(wallet=ANNA, amount=5 * MICRO, index=0, now=START)
    cache.set(PENDING_DEPOSITS_KEY, [PendingDeposit(1, ANNA, 7 * MICRO, "0x" + "77" * 32, 108)])
    text = text_of(Client())
    cache.delete(PENDING_DEPOSITS_KEY)
    assert "Waits for confirmations" in text
    assert "1 of 12 confirmations" in text
    assert "0x" + "77" * 32 in text
    assert "Credited" in text
    assert "Prepare the transaction" not in text
    assert "Prepare the transaction" not in text_of(sign_in(BERT))


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("path", [PAGE, f"/wallets/{ANNA}/exits/"])
def test_a_reader_who_is_not_signed_in_is_not_shown_as_the_owner(path: str) -> None:
    assert Client().get(path).context["wallet"] is None


def test_without_a_chain_nothing_is_offered() -> None:
    Network()
    anna = sign_in(ANNA)
    assert "Add IFM" not in text_of(anna, "/portfolio/")
    assert "None can be added from one." in text_of(anna)
    assert text_of(anna, "/wallets/0x12/deposits/", 404)


def test_the_development_chain_sends_tokens_and_gas(development_chain: Chain) -> None:
    anna = sign_in(ANNA)
    assert "Get tokens on the chain" in text_of(anna)
    answer = anna.post("/chain/faucet/", follow=True)
    assert "1,000.00 IFM and ether for gas are in your wallet" in answer.content.decode()
    development_chain("evm_mine")
    assert development_chain.token("balanceOf", ANNA) == 1_000 * MICRO
    assert development_chain.number("eth_getBalance", ANNA, "latest") == 10**18
    assert 'data-rpc="http://127.0.0.1' in text_of(anna, f"{PAGE}?amount=1")


def test_a_development_chain_that_is_away_is_said(development_chain: Chain, settings: Any) -> None:
    path = settings.DATA_DIR / "chain" / "addresses.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "rpc": "http://127.0.0.1:9"}))
    answer = sign_in(ANNA).post("/chain/faucet/", follow=True)
    assert "The development chain does not answer." in answer.content.decode()


@pytest.mark.usefixtures("network")
def test_no_other_chain_has_a_faucet_and_nobody_uses_it_unsigned() -> None:
    assert sign_in(ANNA).post("/chain/faucet/").status_code == 404
    assert Client().post("/chain/faucet/").status_code == 401
    assert sign_in(BERT).get("/chain/faucet/").status_code == 405
