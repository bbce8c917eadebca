"""Proofs checked in the browser: right, wrong, and not possible, with the reason (R51)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from staking.models import Epoch
from staking.selectors.proofs import proof_of
from tests.browser.conftest import NARROW, WIDE, Open
from tests.network import Network, node_address

pytestmark = pytest.mark.browser

CONTRACT = "0x" + "5e" * 20
# A wallet that answers as a node would: the chain's id, the last epoch of the contract, its root of any epoch.
WALLET = """
window.ethereum = {{ request: async ({{ method, params }}) => {{
  if (method === "eth_chainId") return "{chain}";
  if (params[0].data.length === 10) return "0x" + ({last}).toString(16).padStart(64, "0");
  return "{root}";
}} }};
"""


@pytest.fixture
def chain(settings: Any) -> None:
    settings.INFRAMIND_CHAIN_RPC = ("http://127.0.0.1:1",)
    settings.INFRAMIND_CHAIN_SETTLEMENT = CONTRACT
    settings.INFRAMIND_CHAIN_ID = 31337


def checked(open_page: Open, wallet: str = "", address: str = "", **options: Any) -> Any:
    """The result on the page of a slashed node's proof, with this wallet in the browser."""
    page = open_page("/verify/", **options)
    page.context.add_init_script(wallet)
    page.goto(page.url.replace("/verify/", address or f"/epochs/5/proof/{node_address(4)}/"))
    return page.locator("[data-result]")


def root_of(number: int) -> str:
    return Epoch.objects.get(number=number).merkle_root


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_root_that_the_contract_has_is_proven(
    open_page: Open, network: Network, chain: None, size: dict[str, int], theme: str
) -> None:
    wallet = WALLET.format(chain="0x7a69", last=9, root=root_of(5))
    result = checked(open_page, wallet, size=size, theme=theme)
    expect(result).to_have_attribute("data-state", "right")
    assert result.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    ("wallet", "state", "words"),
    [
        ({"root": "0x" + "12" * 32}, "wrong", "the contract has another one: 0x1212"),
        ({"chain": "0x1"}, "unknown", "another chain"),
        ({"last": 4}, "unknown", "not on the chain yet"),
        (None, "unknown", "no wallet was found"),
    ],
    ids=["another root", "another chain", "not anchored", "no wallet"],
)
def test_what_the_wallet_says_decides(
    open_page: Open, network: Network, chain: None, wallet: dict[str, Any] | None, state: str, words: str
) -> None:
    answers = {"chain": "0x7a69", "last": 9, "root": root_of(5)} | (wallet or {})
    result = checked(open_page, WALLET.format(**answers) if wallet is not None else "")
    expect(result).to_contain_text(words)
    expect(result).to_have_attribute("data-state", state)


def test_without_a_chain_the_published_root_is_all_there_is(open_page: Open, network: Network) -> None:
    result = checked(open_page)
    expect(result).to_contain_text("lead to the published root")
    expect(result).to_contain_text("this network has no chain")


def test_a_pasted_proof_is_checked_and_a_forged_one_is_found(open_page: Open, network: Network) -> None:
    page = open_page("/verify/")
    proof = proof_of(5, node_address(4))
    leaves = [
        {"value": list(one.leaf), "proof": ["0x" + hash_.hex() for hash_ in one.proof]}
        for one in proof.leaves
    ]
    assert len(leaves) == 2
    result = page.locator("[data-result]")

    def paste(text: str) -> None:
        page.locator("#paste").fill(text)
        page.get_by_role("button", name="Check", exact=True).click()

    paste(json.dumps({"root": proof.root, "leaves": leaves}))
    expect(result).to_contain_text("lead to the published root")
    leaves[1]["value"][2] += 1  # type: ignore[operator,call-overload]
    paste(json.dumps({"root": proof.root, "leaves": leaves}))
    expect(result).to_have_attribute("data-state", "wrong")
    expect(result).to_contain_text("slash")
    paste("{")
    expect(result).to_contain_text("this is no proof")
    paste(json.dumps({"root": proof.root, "leaves": []}))
    expect(result).to_have_attribute("data-state", "unknown")
