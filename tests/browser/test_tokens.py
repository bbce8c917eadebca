"""Tokens come in and go out with a wallet of the browser, on the development chain (R54, R55)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from eth_account import Account
from eth_account.messages import encode_defunct
from playwright.sync_api import Page, expect

from chain import contracts
from chain.devnet.deployment import SETTLEMENT, TOKEN
from chain.devnet.server import Server
from chain.rpc import Rpc
from chain.selectors import PENDING_DEPOSITS_KEY
from chain.transactions import Transaction, sign
from chain_sync.anchoring import anchor_due
from chain_sync.mirroring import mirror_due, verify_deposits
from protocol.amounts import MICRO
from tests.browser.conftest import NARROW, Open
from tests.browser.test_accessible import faults
from tests.browser.test_delegating import as_wallet, fits
from tests.chain.devnet.client import Client as Chain
from tests.chain.devnet.client import start
from tests.network import Network
from tests.wallets import NORTH, OLGA

pytestmark = pytest.mark.browser

OWNER = Account.from_key("0x" + "11" * 32)
FRIEND, OTHER = "0x" + "f1" * 20, "0x" + "0e" * 20
CHAIN_ID, CONFIRMATIONS, GWEI = 31337, 4, 10**9
IFM = contracts.load("IFM")

# A wallet as browsers inject it: it announces itself (EIP-6963), and its errors have a code (EIP-1193).
INJECTED = """
const request = async ({ method, params }) => {
  const { result, error } = await window.callWallet(method, params || []);
  if (error) throw Object.assign(new Error(error.message), { code: error.code });
  return result;
};
const info = { uuid: "1", name: "Pocket", icon: "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>" };
window.addEventListener("eip6963:requestProvider", () => window.dispatchEvent(
  new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider: { request } }) })));
"""


class WalletError(Exception):
    """An error that the wallet reports to the page, with its code."""


@dataclass
class Wallet:
    """A wallet with one key. It knows the development chain once a page has added it, and sends through its node."""

    rpc: Rpc
    account: str = OWNER.address
    chain_id: int = 1
    known: set[int] = field(default_factory=lambda: {1})
    refuses: bool = False
    added: list[dict[str, Any]] = field(default_factory=list)

    def inject(self, page: Page) -> None:
        page.expose_function("callWallet", self.call)
        page.add_init_script(INJECTED)

    def call(self, method: str, params: list[Any]) -> dict[str, Any]:
        try:
            return {"result": getattr(self, method)(*params)}
        except WalletError as error:
            code, message = error.args
            return {"error": {"code": code, "message": message}}

    def eth_requestAccounts(self) -> list[str]:
        return [self.account]

    def eth_chainId(self) -> str:
        return hex(self.chain_id)

    def personal_sign(self, message: str, _: str) -> str:
        text = bytes.fromhex(message[2:]).decode()
        return "0x" + bytes(OWNER.sign_message(encode_defunct(text=text)).signature).hex()

    def wallet_switchEthereumChain(self, chain: dict[str, str]) -> None:
        if int(chain["chainId"], 16) not in self.known:
            raise WalletError(4902, "Unrecognized chain.")
        self.chain_id = int(chain["chainId"], 16)

    def wallet_addEthereumChain(self, chain: dict[str, Any]) -> None:
        self.added.append(chain)
        self.chain_id = int(chain["chainId"], 16)
        self.known.add(self.chain_id)

    def eth_sendTransaction(self, message: dict[str, str]) -> Any:
        if self.refuses:
            raise WalletError(4001, "The user rejected the request.")
        assert (message["from"], message["value"]) == (OWNER.address, "0x0")
        assert self.chain_id == CHAIN_ID
        nonce = int(self.rpc("eth_getTransactionCount", OWNER.address, "pending"), 16)
        gas = int(self.rpc("eth_estimateGas", message), 16)
        data = bytes.fromhex(message["data"][2:])
        unsigned = Transaction(CHAIN_ID, nonce, GWEI, 100 * GWEI, gas, message["to"], 0, data)
        return self.rpc("eth_sendRawTransaction", "0x" + sign(unsigned, bytes(OWNER.key)).raw.hex())


@dataclass
class Story:
    """A network with one node at work, its development chain, and the ticks between them."""

    net: Network
    chain: Chain
    url: str
    wallet: Wallet

    def mirror(self, blocks: int = 0) -> None:
        """The tick that credits deposits, after this many blocks."""
        if blocks:
            self.chain("evm_mine", blocks)
        mirror_due(wall=datetime.now(UTC), now=self.net.now)

    def settle(self) -> None:
        """An epoch in which the node works; it is settled and anchored."""
        number = self.net.epoch.number
        self.net.settle(worked=[NORTH])
        wall = datetime.now(UTC)
        for minute in range(3):
            anchor_due(now=wall + timedelta(minutes=minute, days=number))
        assert self.settlement("last_epoch") == number

    def settlement(self, function: str) -> Any:
        contract = contracts.load("InfraMindSettlement")
        data = "0x" + contract.call(function).hex()
        answer = self.chain("eth_call", {"to": SETTLEMENT, "data": data}, "latest")
        return contract.result(function, bytes.fromhex(answer[2:]))

    def token(self, function: str, account: str = OWNER.address) -> Any:
        return self.chain.token(function, account)


@pytest.fixture
def network(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Story]:
    """Instead of the large network: one node and the development chain as `make run` leaves its addresses."""
    chain, server = start(automine=True), Server(0)
    thread = threading.Thread(
        target=server.serve, args=[chain.dispatcher.answer], kwargs={"poll_seconds": 0.01}
    )
    thread.start()
    settings.DATA_DIR, settings.INFRAMIND_CHAIN_EMBEDDED = tmp_path, True
    (tmp_path / "chain").mkdir()
    addresses = {"rpc": server.url, "chain_id": CHAIN_ID, "settlement": SETTLEMENT, "token": TOKEN}
    (tmp_path / "chain" / "addresses.json").write_text(json.dumps(addresses))
    net = Network(site=True)
    net.node(NORTH, OLGA, 1_000)
    yield Story(net, chain, server.url, Wallet(Rpc(server.url)))
    cache.delete(PENDING_DEPOSITS_KEY)
    server.shutdown()
    thread.join()
    server.server_close()
    chain.node.close()


def prepare_lock(page: Page, amount: str) -> None:
    page.get_by_label("Amount").fill(amount)
    page.get_by_role("button", name="Prepare the transaction").click()


def test_the_whole_way_in_and_out(open_page: Open, network: Story) -> None:
    page, wallet = open_page("/"), network.wallet
    wallet.inject(page)
    page.goto(page.url + "signin/?next=/portfolio/")
    page.get_by_role("button", name="Pocket").click()

    # Get tokens from the faucet of the development chain, and lock a part of them.
    page.get_by_role("link", name="Add IFM").first.click()
    page.get_by_role("button", name="Get tokens on the chain").click()
    expect(page.get_by_text("1,000.00 IFM and ether for gas are in your wallet")).to_be_visible()
    assert network.token("transferable") == 1_000 * MICRO
    prepare_lock(page, "600")
    page.get_by_role("button", name="Send with your wallet").click()
    expect(page.locator("[data-sent]")).to_contain_text("Sent. Transaction: 0x")
    assert (network.token("locked"), network.token("transferable")) == (600 * MICRO, 400 * MICRO)

    # The site shows the deposit before it is final, and credits it then.
    network.mirror()
    page.reload()
    expect(page.locator("#deposits")).to_contain_text("Waits for confirmations")
    network.mirror(CONFIRMATIONS)
    page.reload()
    expect(page.locator("#deposits")).to_contain_text("Credited")

    # Delegate, earn in the epoch after, and claim.
    page.goto(page.url.partition("/wallets/")[0] + f"/nodes/{NORTH}/")
    page.get_by_label("Amount").fill("500")
    page.get_by_role("button", name="Review delegation").click()
    page.get_by_role("button", name="Delegate 500.00 IFM").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delegated 500.00 IFM")
    network.settle()
    network.settle()
    page.get_by_role("link", name="See your portfolio").click()
    page.get_by_role("link", name="Claim all").click()
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Claimed")
    earned = network.net.figures(OWNER.address.lower()).available - 100 * MICRO
    assert earned > 0

    # Take everything available out; the epoch's settlement has the leaves, a later one makes them provable.
    page.get_by_role("link", name="See your portfolio").click()
    page.get_by_role("link", name="Take IFM out").click()
    expect(page.get_by_text("No exits")).to_be_visible()
    page.get_by_role("link", name="Take IFM out").click()
    page.get_by_role("button", name="All").click()
    page.get_by_role("button", name="Review exit").click()
    page.get_by_role("button", name="Take").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Taking")
    network.settle()
    network.settle()
    page.goto(page.url.partition("/money/")[0] + f"/wallets/{OWNER.address.lower()}/exits/")
    expect(page.get_by_text("The contract accepts the proof.")).to_be_visible()

    # Prove: what was earned is minted, and all that was taken out is unlocked.
    for item in (page.locator("li").filter(has_text=kind) for kind in ("Mint what", "Unlock what")):
        item.get_by_role("button", name="Send with your wallet").click()
        expect(item.locator("[data-sent]")).to_contain_text("Sent. Transaction: 0x")
    assert network.token("locked") == 500 * MICRO
    assert network.token("transferable") == 500 * MICRO + earned
    assert verify_deposits(wall=datetime.now(UTC)) is None

    # The owner can transfer them.
    data = "0x" + IFM.call("transfer", FRIEND, 500 * MICRO + earned).hex()
    wallet.eth_sendTransaction({"from": OWNER.address, "to": TOKEN, "data": data, "value": "0x0"})
    assert network.token("balanceOf", FRIEND) == 500 * MICRO + earned


def test_a_wallet_of_another_chain_or_account_locks_nothing_by_mistake(
    open_page: Open, network: Story, live_server: Any
) -> None:
    owner, wallet = OWNER.address.lower(), network.wallet
    page = open_page("/", storage_state=as_wallet(owner, live_server))
    network.chain("devnet_faucet", owner, hex(10 * MICRO))
    wallet.inject(page)
    page.goto(page.url + f"wallets/{owner}/deposits/")
    prepare_lock(page, "10")
    send, note = page.get_by_role("button", name="Send with your wallet"), page.locator("[data-sent]")

    wallet.account = OTHER
    send.click()
    expect(note).to_contain_text("Choose the account that is signed in here")
    wallet.account, wallet.refuses = OWNER.address, True
    send.click()
    expect(note).to_contain_text("Not sent: The user rejected the request.")
    assert [chain["rpcUrls"] for chain in wallet.added] == [[network.url]]
    assert network.token("locked") == 0
    wallet.refuses = False
    send.click()
    expect(note).to_contain_text("Sent. Transaction: 0x")
    expect(send).to_be_disabled()
    assert len(wallet.added) == 1
    assert network.token("locked") == 10 * MICRO


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_without_a_wallet_the_transaction_is_there_to_copy(
    open_page: Open, network: Story, live_server: Any, theme: str
) -> None:
    owner = OWNER.address.lower()
    page = open_page(
        "/", storage_state=as_wallet(owner, live_server), size=NARROW, theme=theme, reduced_motion="reduce"
    )
    page.clock.install()
    page.goto(page.url + f"wallets/{owner}/deposits/?amount=10")
    expect(page.get_by_role("button", name="Copy cast command", exact=True)).to_be_visible()
    page.get_by_text("Let another account send it").click()
    expect(page.get_by_role("button", name="Copy cast commands")).to_be_visible()
    fits(page)
    assert faults(page) == []
    page.clock.fast_forward(5_000)
    expect(page.get_by_role("button", name="Send with your wallet")).to_be_hidden()
