"""An operator disputes a slash, members vote, the epoch is settled, and every page shows the outcome."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from governance.models import Dispute
from governance.services.disputes import open_dispute
from governance.services.proposals import propose
from governance.services.representatives import name_representatives
from staking.models import Slash
from tests.browser.conftest import Open, as_wallet
from tests.browser.test_accessible import check
from tests.governance import scenario
from tests.governance.scenario import ANN, BEN, CAT, DAN, OLGA
from tests.governance.test_defence import drop_a_job

pytestmark = pytest.mark.browser


@pytest.fixture
def network(transactional_db: None) -> Slash:
    """Replace the large network: one slashed node, one honest node, three members."""
    scenario.begin()
    slash = scenario.slash_node()
    scenario.advance_clock()
    return slash


def vote(page: Page, choice: str) -> None:
    page.locator(f"label[for=v-{choice.lower()}]").click()
    page.get_by_role("button", name="Review vote").click()
    expect(page.get_by_text("Your vote and its reason are public")).to_be_visible()
    page.get_by_role("button", name=f"Vote {choice.lower()}").click()
    expect(page.get_by_role("status")).to_contain_text(f"You voted {choice}")


def test_an_operator_disputes_a_slash_and_members_vote(
    open_page: Open, network: Slash, site: LiveServer
) -> None:
    page = open_page(f"/slashes/{network.pk}/", storage_state=as_wallet(OLGA, site))
    expect(page.get_by_text("The oracle measured less than the node declares")).to_be_visible()
    expect(page.get_by_text("−250.000000").first).to_be_visible()
    page.get_by_label("Why the slash is wrong").fill("The oracle read another machine.")
    page.get_by_role("button", name="Review dispute").click()
    expect(page.get_by_text("A slash can be disputed once.")).to_be_visible()
    page.get_by_role("button", name="Dispute for 50.00 IFM").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Dispute about the slash of")
    expect(page.get_by_text("Operators cannot vote on slashes of their own nodes")).to_be_visible()
    address = f"/disputes/{Dispute.objects.get().pk}/"
    for wallet, choice in ((ANN, "Overturn"), (BEN, "Uphold"), (CAT, "Overturn")):
        vote(open_page(address, storage_state=as_wallet(wallet, site)), choice)
    page = open_page(address, storage_state=as_wallet(DAN, site))
    expect(page.get_by_text("If the vote ended now, the slash would be overturned")).to_be_visible()
    expect(page.get_by_text("You had no stake at the opening of epoch 3")).to_be_visible()
    scenario.settle()
    scenario.settle()
    scenario.advance_clock()
    page = open_page(address)
    expect(page.get_by_text("The slash was overturned. Nothing was slashed")).to_be_visible()
    expect(page.get_by_text("returned", exact=True)).to_be_visible()
    page = open_page("/slashes/")
    expect(page.get_by_role("row").filter(has_text="Faked resources")).to_contain_text("Overturned")


def test_a_member_chooses_parameters_and_sees_the_effect_of_the_entered_values(
    open_page: Open, network: Slash, site: LiveServer
) -> None:
    page = open_page("/proposals/new/", storage_state=as_wallet(scenario.NILS, site))
    page.get_by_label("Search parameters").fill("emission")
    expect(page.get_by_role("checkbox")).to_have_count(1)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Continue").first.click()
    page.get_by_role("textbox", name="Title").fill("Mint more")
    page.get_by_role("textbox", name="Emission").fill("12000")
    expect(page.get_by_role("heading", name="Effect on past epochs")).to_be_visible()
    assert "csrfmiddlewaretoken" not in page.url
    page.get_by_role("textbox", name="Emission").fill("99999999")
    expect(page.locator("#effect")).to_contain_text("Enter valid values")
    page.get_by_role("textbox", name="Emission").fill("12000")
    page.get_by_role("button", name="Review proposal").first.click()
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mint more")


def test_governance_pages_have_no_accessibility_violations(
    open_page: Open, network: Slash, site: LiveServer
) -> None:
    scenario.commit_offence()
    drop_a_job()
    other = scenario.slash_node(scenario.HONEST)
    scenario.advance_clock()
    two = Slash.objects.get(offence="dropout")
    dispute = open_dispute(slash=other.pk, reason="No.", actor=scenario.NILS, now=scenario.now())
    made = propose(
        title="More", body="Why.", changes={"quorum_bps": 900}, wallet=scenario.NILS, now=scenario.now()
    )
    name_representatives(wallet=CAT, named={"disputes": ANN, "proposals": BEN}, now=scenario.now())
    values = "change=quorum_bps&change=unbonding_seconds&values=1"
    places = ("/governance/", f"/disputes/{dispute.pk}/", f"/slashes/{network.pk}/", "/slashes/", "/proposals/",
              f"/proposals/{made.pk}/", "/proposals/new/", f"/proposals/new/?{values}", "/parameters/",
              "/representatives/")  # fmt: skip
    check(open_page("/how/", reduced_motion="reduce", storage_state=as_wallet(ANN, site)), site, places)
    places = (f"/slashes/{two.pk}/", "/operator/", f"/operator/{scenario.SLASHED}/commitments/", "/orders/")
    check(open_page("/how/", reduced_motion="reduce", storage_state=as_wallet(OLGA, site)), site, places)
