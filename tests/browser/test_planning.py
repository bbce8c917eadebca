"""A wallet plans, sets a rule and stars a node; an operator signs a commitment; reviews are fit for everybody."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from delegation.models import StandingOrder
from governance.services.disputes import open_dispute
from staking.models import Commitment, Slash, WatchedNode
from staking.services.rankings import rank
from tests.browser.conftest import NARROW, Open, as_wallet
from tests.browser.test_accessible import faults
from tests.browser.test_signin import KEY, OLD_WAY, with_wallet
from tests.governance import scenario
from tests.governance.scenario import ANN, HONEST, OLGA
from tests.network import record_jobs

pytestmark = pytest.mark.browser

IFM = 1_000_000
SIGNER, OWN = KEY.address.lower(), scenario.address(0xA3)


@pytest.fixture
def network(transactional_db: None) -> Slash:
    """Replace the large network: three nodes, one slashed, one of an operator with a key; members with tokens."""
    scenario.begin()
    scenario.run_node(OWN, SIGNER, 1_000 * IFM)
    scenario.settle()
    for node in (HONEST, OWN):
        record_jobs(
            node,
            [f"{node[-2:]}-{job}" for job in range(12)],
            epoch=scenario.epoch().number,
            at=scenario.now(),
            credits=IFM,
        )
    slash = scenario.slash_node()
    scenario.fund(ANN, 900 * IFM)
    rank(now=scenario.now())
    scenario.advance_clock()
    return slash


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)


def test_a_plan_is_reviewed_and_confirmed(network: Slash, open_page: Open, site: LiveServer) -> None:
    page = open_page("/portfolio/", size=NARROW, reduced_motion="reduce", storage_state=as_wallet(ANN, site))
    page.get_by_role("link", name="Plan", exact=True).first.click()
    heading(page, "Plan")
    page.locator("#amount").fill("300")
    page.get_by_role("button", name="Make a plan").click()
    page.get_by_role("link", name="Review all delegations").click()
    heading(page, "IFM to 2 nodes")
    assert faults(page) == []
    page.get_by_role("button", name=re.compile(r"^Delegate .* IFM to 2 nodes")).click()
    heading(page, "Delegated ")
    assert faults(page) == []
    page.get_by_role("link", name=re.compile("^transaction #")).first.click()
    heading(page, "Transaction #")


def test_a_rule_is_corrected_at_its_field_and_saved(
    network: Slash, open_page: Open, site: LiveServer
) -> None:
    page = open_page(
        "/orders/", reduced_motion="reduce", errors=(400, 404), storage_state=as_wallet(ANN, site)
    )
    page.get_by_label("Condition").select_option("operator_unbonds")
    page.get_by_label("Prepare").select_option("redelegate")
    page.get_by_label("Redelegate to").fill("a3")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("While its operator unbonds, stake cannot be redelegated")).to_be_visible()
    expect(page.get_by_label("Prepare")).to_be_focused()
    assert faults(page) == []
    page.get_by_label("Condition").select_option("slashed")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("The standing order is saved.")
    assert StandingOrder.objects.get().target.address == OWN


def test_an_operator_signs_a_commitment_with_the_wallet_of_the_browser(
    network: Slash, open_page: Open, site: LiveServer
) -> None:
    where = f"/operator/{OWN}/commitments/"
    page = open_page(where, reduced_motion="reduce", storage_state=as_wallet(SIGNER, site))
    shown = with_wallet(page, OLD_WAY)
    page.get_by_label("Delegator share, at least").fill("75")
    page.get_by_role("button", name="Review commitment").click()
    heading(page, "Commit to these terms")
    assert faults(page) == []
    page.get_by_role("button", name="Sign with your wallet and commit").click()
    expect(page.get_by_role("status").first).to_contain_text("Your commitment is public.")
    assert shown[0].startswith("InfraMind Staking: commitment to delegators")
    assert Commitment.objects.get().signature is not None
    page.goto(f"{site.url}/nodes/{OWN}/")
    page.get_by_text("Signed by the operator’s wallet").click()
    expect(page.get_by_text("Delegator share, at least: 7500 bps")).to_be_visible()
    assert faults(page) == []


def test_a_star_is_stored_in_the_browser_and_moves_to_the_wallet_that_signs_in(
    network: Slash, open_page: Open, site: LiveServer
) -> None:
    page = open_page(f"/nodes/{HONEST}/")
    page.locator("[data-star]").first.click()
    assert "a2" in page.evaluate("localStorage.getItem('stars')").lower()
    assert not WatchedNode.objects.exists()
    with_wallet(page, OLD_WAY)
    page.goto(f"{site.url}/signin/?next=/")
    page.get_by_role("button", name="Ethereum").click()
    heading(page, "Nodes")
    expect(page.locator("[data-star][aria-pressed=true], .im-star[aria-pressed=true]").first).to_be_visible()
    assert WatchedNode.objects.get().wallet == SIGNER


def test_reviews_of_a_vote_a_dispute_and_a_registration_are_accessible(
    network: Slash, open_page: Open, site: LiveServer
) -> None:
    page = open_page(f"/slashes/{network.pk}/", reduced_motion="reduce", storage_state=as_wallet(OLGA, site))
    page.get_by_label("Why the slash is wrong").fill("The oracle read another machine.")
    page.get_by_role("button", name="Review dispute").click()
    expect(page.get_by_text("A slash can be disputed once.")).to_be_visible()
    assert faults(page) == []
    page.goto(f"{site.url}/operator/register/")
    page.get_by_label("Address of the node").fill("0x" + "5e" * 20)
    page.get_by_label("Name", exact=True).fill("New node")
    page.get_by_label("Region").select_option(index=1)
    page.get_by_role("button", name="Review registration").click()
    heading(page, "Register New node")
    assert faults(page) == []
    dispute = open_dispute(slash=network.pk, reason="Wrong", actor=OLGA, now=scenario.now())
    page = open_page(f"/disputes/{dispute.pk}/", reduced_motion="reduce", storage_state=as_wallet(ANN, site))
    page.locator("label[for=v-overturn]").click()
    page.get_by_role("button", name="Review vote").click()
    expect(page.get_by_role("button", name="Vote overturn")).to_be_visible()
    assert faults(page) == []
