"""Signing in with a wallet of the browser, found the new way (EIP-6963) or the old (window.ethereum)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.test_accessible import faults, objections

pytestmark = pytest.mark.browser

KEY = Account.from_key("0x" + "11" * 32)
ASK = "const provider = { request: ({ method, params }) => window.askWallet(method, params || []) };"
NEW_WAY = f"""{ASK}
const info = {{ uuid: "1", name: "Pocket", icon: "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>" }};
window.addEventListener("eip6963:requestProvider", () =>
  window.dispatchEvent(new CustomEvent("eip6963:announceProvider", {{ detail: Object.freeze({{ info, provider }}) }})));
"""
OLD_WAY = f"{ASK} window.ethereum = provider;"


def with_wallet(page: Page, script: str, *, signs: bool = True) -> list[str]:
    """Give the page a wallet; what it is asked to sign is kept."""
    shown: list[str] = []

    def answer(method: str, params: list[Any]) -> Any:
        if method == "eth_requestAccounts":
            return [KEY.address]
        assert method == "personal_sign"
        shown.append(bytes.fromhex(params[0][2:]).decode())
        if not signs:
            raise RuntimeError("refused")
        return "0x" + bytes(KEY.sign_message(encode_defunct(text=shown[-1])).signature).hex()

    page.expose_function("askWallet", answer)
    page.add_init_script(script)
    return shown


@pytest.mark.parametrize(("script", "name"), [(NEW_WAY, "Pocket"), (OLD_WAY, "Ethereum")])
def test_a_wallet_signs_in_and_out(open_page: Open, script: str, name: str) -> None:
    page = open_page("/")
    shown = with_wallet(page, script)
    page.goto(page.url + "signin/?next=/epochs/")
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("heading", name="Epochs", level=1)).to_be_visible()
    assert f"Ethereum account:\n{KEY.address}\n" in shown[0]
    page.goto(re.sub("epochs/$", "signin/", page.url))
    expect(page.get_by_text(KEY.address)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text(KEY.address)).to_have_count(0)


def test_a_wallet_that_refuses_to_sign_shows_a_message(open_page: Open) -> None:
    page = open_page("/")
    with_wallet(page, NEW_WAY, signs=False)
    page.goto(page.url + "signin/")
    page.get_by_role("button", name="Pocket").click()
    expect(page.get_by_text("That did not work")).to_be_visible()
    expect(page.get_by_role("button", name="Pocket")).to_be_enabled()


def test_without_a_wallet_there_is_another_way(open_page: Open) -> None:
    page = open_page("/signin/")
    expect(page.get_by_text("No wallet was found in this browser")).to_be_visible()


def test_a_demo_wallet_makes_a_token(open_page: Open) -> None:
    page = open_page("/signin/?next=/tokens/")
    page.get_by_role("button", name="Sign in as Delegator").click()
    page.get_by_label("Name").fill("a bot")
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_text("it is not shown again")).to_be_visible()
    assert objections(page) == []
    page.get_by_role("button", name=re.compile("Revoke a bot")).click()
    expect(page.get_by_text("No tokens")).to_be_visible()


def test_signing_in_is_accessible(open_page: Open) -> None:
    page = open_page("/signin/", reduced_motion="reduce")
    expect(page.get_by_text("No wallet was found in this browser")).to_be_visible()
    assert faults(page) == []


def test_the_docs_of_the_api_run_under_the_policy(open_page: Open) -> None:
    page = open_page("/api/v1/docs/try/")
    expect(page.locator(".opblock").first).to_be_visible(timeout=30_000)
