"""Three journeys at both widths: a stranger delegates, an operator disputes, a member votes and proposes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from governance.services.disputes import open_dispute
from staking.models import Slash
from staking.services.rankings import rank
from tests.browser.conftest import NARROW, WIDE, Open, as_wallet
from tests.browser.test_signin import KEY, OLD_WAY, with_wallet
from tests.governance import scenario
from tests.governance.scenario import ANN, NILS, OLGA

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"]),
]
MAX_TAPS = 6


@pytest.fixture
def network(transactional_db: None) -> Slash:
    """Replace the large network: one slashed node, one honest node, three members, and a ranking."""
    scenario.begin()
    slash = scenario.slash_node()
    rank(now=scenario.now())
    scenario.advance_clock()
    return slash


@dataclass
class Hand:
    """Taps on a page, counted; what is typed is not."""

    page: Page
    taps: list[str] = field(default_factory=list)

    def tap(self, target: Locator) -> None:
        self.taps.append(str(target))
        target.click()

    def type(self, target: Locator, text: str) -> None:
        self.tap(target)
        self.page.keyboard.type(text)

    def has_arrived(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(heading)
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), self.page.url


def test_a_stranger_finds_a_node_and_delegates_in_six_taps(
    open_page: Open, network: Slash, size: dict[str, int]
) -> None:
    scenario.fund(KEY.address.lower(), 2_000_000_000)
    hand = Hand(open_page("/", size=size))
    page = hand.page
    with_wallet(page, OLD_WAY)
    page.reload()
    hand.tap(page.get_by_role("link", name=re.compile("^Delegate to")).first)
    hand.type(page.locator("#amount"), "1500")
    expect(page.locator("#estimate")).to_contain_text("APR for you, estimate")
    hand.tap(page.get_by_role("link", name="Sign in to delegate"))
    hand.tap(page.get_by_role("button", name="Ethereum"))
    hand.has_arrived("Delegate 1,500.00 IFM to")
    hand.tap(page.get_by_role("button", name=re.compile("^Delegate 1,500.00 IFM")))
    hand.has_arrived("Delegated 1,500.00 IFM to")
    assert len(hand.taps) <= MAX_TAPS, hand.taps


def test_an_operator_understands_and_disputes_a_slash(
    open_page: Open, network: Slash, site: LiveServer, size: dict[str, int]
) -> None:
    hand = Hand(open_page("/operator/", size=size, storage_state=as_wallet(OLGA, site)))
    page = hand.page
    expect(page.get_by_role("heading", name=re.compile("^Slash of"))).to_be_visible()
    hand.tap(page.get_by_role("link", name=re.compile("Dispute|case", re.IGNORECASE)).first)
    hand.has_arrived("Faked resources of")
    expect(page.get_by_text("The oracle measured less than the node declares")).to_be_visible()
    expect(page.get_by_text("−250.00").first).to_be_visible()
    hand.type(page.get_by_label("Why the slash is wrong"), "The oracle read another machine.")
    hand.tap(page.get_by_role("button", name="Review dispute"))
    expect(page.get_by_text("A slash can be disputed once.")).to_be_visible()
    hand.tap(page.get_by_role("button", name="Dispute for 50.00 IFM"))
    hand.has_arrived("Dispute about the slash of")
    assert len(hand.taps) <= MAX_TAPS, hand.taps


def test_a_member_decides_a_case_and_proposes_a_change(
    open_page: Open, network: Slash, site: LiveServer, size: dict[str, int]
) -> None:
    open_dispute(slash=network.pk, reason="The oracle read another machine.", actor=OLGA, now=scenario.now())
    hand = Hand(open_page("/governance/", size=size, storage_state=as_wallet(ANN, site)))
    page = hand.page
    hand.tap(page.get_by_role("link", name=re.compile("^Faked resources of")).first)
    hand.has_arrived("Dispute about the slash of")
    hand.tap(page.locator("label[for=v-overturn]"))
    hand.tap(page.get_by_role("button", name="Review vote"))
    hand.tap(page.get_by_role("button", name="Vote overturn"))
    expect(page.get_by_role("status")).to_contain_text("You voted Overturn")
    assert len(hand.taps) <= MAX_TAPS, hand.taps

    hand = Hand(open_page("/governance/", size=size, storage_state=as_wallet(NILS, site)))
    page = hand.page
    hand.tap(page.get_by_role("link", name="Propose"))
    page.get_by_label("Search parameters").fill("emission")
    expect(page.get_by_role("checkbox")).to_have_count(1)
    hand.tap(page.get_by_role("checkbox"))
    hand.tap(page.get_by_role("button", name="Continue").first)
    page.get_by_role("textbox", name="Title").fill("Mint more")
    page.get_by_role("textbox", name="Emission").fill("12000")
    expect(page.get_by_role("heading", name="Effect on past epochs")).to_be_visible()
    hand.tap(page.get_by_role("button", name="Review proposal").first)
    hand.tap(page.get_by_role("button", name="Propose"))
    hand.has_arrived("Mint more")
    assert len(hand.taps) <= MAX_TAPS, hand.taps
