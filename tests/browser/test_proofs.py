"""Proofs checked in the browser: right, wrong, and not possible, with the reason (R51)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from protocol.merkle import Leaf, MerkleTree
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


def pasted(number: int, address: str) -> dict[str, Any]:
    """A proof as the API shows it."""
    proof = proof_of(number, address)
    leaves = [
        {"value": list(one.leaf), "proof": ["0x" + hash_.hex() for hash_ in one.proof]}
        for one in proof.leaves
    ]
    return {"root": proof.root, "leaves": leaves}


def paste(page: Any, proof: Any) -> Any:
    """Check a proof or a text; the result."""
    page.locator("#paste").fill(proof if isinstance(proof, str) else json.dumps(proof))
    page.get_by_role("button", name="Check", exact=True).click()
    return page.locator("[data-result]")


def test_a_pasted_proof_is_checked_and_a_forged_one_is_found(open_page: Open, network: Network) -> None:
    page = open_page("/verify/")
    proof = pasted(5, node_address(4))
    (_, _, reward, _), (_, _, slashed, _) = (leaf["value"] for leaf in proof["leaves"])
    result = paste(page, proof)
    expect(result).to_contain_text("lead to the root in this proof")
    expect(result.locator("li")).to_have_text(
        [
            f"reward, {node_address(4)}: {reward} µIFM in epoch 5",
            f"slash, {node_address(4)}: {slashed} µIFM in epoch 5",
        ]
    )
    page.locator("#paste").press("End")
    page.locator("#paste").press("Space")
    expect(result).to_be_hidden()
    proof["leaves"][1]["value"][2] += 1
    expect(paste(page, proof)).to_have_attribute("data-state", "wrong")
    expect(result).to_contain_text("slash")
    expect(result.locator("li")).to_have_count(0)


@pytest.mark.parametrize(
    "wrong", ["{", {"leaves": []}, {"root": ""}, {"root": None}, {"leaves": [{}]}, {"leaves": None}]
)
def test_what_is_no_proof_is_neither_right_nor_wrong(open_page: Open, network: Network, wrong: Any) -> None:
    proof = wrong if isinstance(wrong, str) else pasted(5, node_address(4)) | wrong
    result = paste(open_page("/verify/"), proof)
    expect(result).to_contain_text("this is no proof")
    expect(result).to_have_attribute("data-state", "unknown")


def test_an_amount_beyond_53_bits_is_read_exactly(open_page: Open, network: Network) -> None:
    leaf = Leaf("minted", node_address(4), 2**60 + 1, 5)
    root = "0x" + MerkleTree([leaf]).root.hex()
    result = paste(open_page("/verify/"), {"root": root, "leaves": [{"value": list(leaf), "proof": []}]})
    expect(result).to_contain_text("lead to the root in this proof")
    expect(result).to_contain_text(f": {2**60 + 1} µIFM")


def test_a_late_answer_is_not_shown_for_another_proof(open_page: Open, network: Network, chain: None) -> None:
    wallet = WALLET.format(chain="0x7a69", last=9, root=root_of(5))
    late = (
        wallet
        + """
      const answer = window.ethereum.request; let answers = 0, done;
      const gate = new Promise((open) => { window.openGate = open; });
      window.answered = new Promise((resolve) => { done = resolve; });
      window.ethereum.request = async (question) => {
        await gate; if (++answers === 3) done(true);
        return answer(question);
      };
    """
    )
    page = open_page("/verify/")
    page.context.add_init_script(late)
    page.reload()
    right, wrong = pasted(5, node_address(4)), pasted(5, node_address(4))
    wrong["leaves"][0]["value"][2] += 1
    expect(paste(page, right)).to_contain_text("Reading the root")
    result = paste(page, wrong)
    expect(result).to_have_attribute("data-state", "wrong")
    page.evaluate("window.openGate()")
    assert page.evaluate("window.answered")
    expect(result).to_have_attribute("data-state", "wrong")
    expect(paste(page, right)).to_have_attribute("data-state", "right")
