"""A stranger delegates, watches an epoch go by, claims and leaves, on a telephone; every page is fit for everybody."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from identity.models import User
from staking.models import Network as NetworkRow
from tests.browser.conftest import NARROW, Open, as_wallet
from tests.browser.test_accessible import check, objections
from tests.network import Network
from tests.wallets import ANNA, NORTH, OLGA, OTTO, SOUTH, shown
from web.models import FormKey

pytestmark = pytest.mark.browser


@pytest.fixture
def network(transactional_db: None) -> Network:
    """Instead of the large network: two nodes at work for four epochs, and a wallet with 2,000 IFM."""
    net = Network(site=True)
    net.node(NORTH, OLGA, 1_000)
    net.node(SOUTH, OTTO, 800, delegation_cap=4_000_000_000)
    for _ in range(4):
        net.settle(worked=[NORTH, SOUTH])
    net.fund(ANNA, 2_000)
    assert NetworkRow.objects.exists()
    return net


def fits(page: Page) -> None:
    """No page scrolls sideways."""
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], page.url


def test_a_stranger_on_a_telephone(open_page: Open, network: Network, site: LiveServer) -> None:
    page = open_page("/", size=NARROW, storage_state=as_wallet(ANNA, site))
    page.get_by_role("link", name="Node 01").first.click()
    expect(page.get_by_text("APR paid to delegators")).to_be_visible()
    page.get_by_role("link", name="Delegate", exact=True).click()
    page.locator("#amount").fill("2500")
    expect(page.get_by_text("insufficient_balance")).to_be_visible()
    page.locator("#amount").fill("1500")
    expect(page.locator("#preview")).to_contain_text("APR for you, estimate")
    page.get_by_role("button", name="Review delegation").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delegate 1,500.00 IFM to Node 01")
    fits(page)
    page.get_by_role("button", name="Delegate 1,500.00 IFM to Node 01").dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delegated 1,500.00 IFM")
    assert objections(page) == []
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delegated 1,500.00 IFM")
    assert FormKey.objects.count() == 1

    network.work(NORTH)
    call_command("advance_epoch")
    network.work(NORTH)
    call_command("advance_epoch")
    page.get_by_role("link", name="See your portfolio").click()
    expect(page.get_by_text("1,500.00").first).to_be_visible()
    fits(page)
    page.get_by_role("link", name="Claim all").click()
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Claimed")
    page.get_by_role("link", name="See your portfolio").click()
    page.get_by_role("link", name="Undelegate from Node 01").click()
    page.get_by_role("button", name="All, 1,500.00").click()
    expect(page.locator("#preview")).to_contain_text("Unbonding until")
    page.get_by_role("button", name="Review").click()
    page.get_by_role("button", name="Undelegate 1,500.00 IFM from Node 01").click()
    expect(page.get_by_text("It earns nothing while it unbonds")).to_be_visible()
    page.get_by_role("link", name="See your portfolio").click()
    expect(page.locator("#unbonding")).to_contain_text("from Node 01")


def test_it_works_without_script(open_page: Open, network: Network, site: LiveServer) -> None:
    page = open_page(f"/nodes/{NORTH}/", storage_state=as_wallet(ANNA, site), java_script_enabled=False)
    page.locator("#amount").fill("1500")
    page.get_by_role("button", name="Review delegation").click()
    page.get_by_role("button", name="Delegate 1,500.00 IFM to Node 01").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delegated 1,500.00 IFM")


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus."""
    expect(target).to_be_visible()
    for _ in range(120):
        page.keyboard.press("Tab")
        if target.evaluate("(one) => one === document.activeElement"):
            return
    raise AssertionError(f"{target} cannot be reached by keyboard")


def test_the_keyboard_is_enough(open_page: Open, network: Network, site: LiveServer) -> None:
    page = open_page("/", storage_state=as_wallet(ANNA, site))
    tab_to(page, page.locator("#leaderboard").get_by_role("link", name="Node 01", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Node 01")
    tab_to(page, page.locator("#amount"))
    page.keyboard.type("1500")
    tab_to(page, page.get_by_role("button", name="Review delegation"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delegate 1,500.00 IFM")
    tab_to(page, page.get_by_role("button", name="Delegate 1,500.00 IFM to Node 01"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Delegated 1,500.00 IFM")
    tab_to(page, page.get_by_role("link", name="See your portfolio"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("1,500.00").first).to_be_visible()


def test_pages_of_stake_are_accessible(open_page: Open, network: Network, site: LiveServer) -> None:
    as_anna, as_olga = as_wallet(ANNA, site), as_wallet(OLGA, site)
    client = Client()
    client.force_login(User.objects.get(address=ANNA))
    network.work(NORTH, 12)
    network.work(NORTH, 3, outcome="timeout")
    own = [
        "/portfolio/",
        f"/wallets/{ANNA}/statement/",
        f"/nodes/{SOUTH}/?amount=5000",
        f"/money/delegate/?node={NORTH}&amount=100",
        f"/money/delegate/review/?node={NORTH}&amount=100",
        f"/money/redelegate/?node={NORTH}&to={shown(SOUTH)}&amount=5",
        "/operator/",
        "/inbox/",
        "/inbox/settings/",
        "/tokens/",
    ]
    run = [
        "/portfolio/",
        "/operator/",
        "/operator/register/",
        f"/operator/{NORTH}/retire/",
        "/money/claim-all/review/",
    ]
    free = [
        f"/compare/?n={NORTH}&n={SOUTH}",
        f"/wallets/{OLGA}/",
        f"/nodes/{NORTH}/?amount=500",
        "/preferences/",
    ]
    for state, addresses in ((as_anna, own), (as_olga, run), ({}, free)):
        page = open_page("/epochs/", storage_state=state or None, reduced_motion="reduce")
        check(page, site, addresses)
