"""`/representatives/`: the form, its review, and what a vote card says about representatives."""

from __future__ import annotations

import pytest

from governance.models import Representative
from governance.services.disputes import open_dispute
from governance.services.representatives import name_representatives
from governance.services.votes import vote_dispute
from protocol.addresses import checksum
from tests.governance import scenario
from tests.governance.scenario import ANN, BEN, CAT, DAN, OLGA
from tests.governance.site import browser, page, review
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db
WHERE = "/representatives/"


@shared
def network() -> None:
    scenario.begin()
    scenario.advance_clock()


@pytest.mark.usefixtures("network")
def test_representatives_are_named_after_a_review() -> None:
    client, form = review(ANN, WHERE, {"disputes": checksum(BEN), "proposals": ""})
    assert not Representative.objects.exists()
    for _ in range(2):
        answer = client.post(WHERE, form)
        assert (answer.status_code, answer["Location"]) == (303, WHERE)
    assert Representative.objects.get().representative == BEN
    html = client.get(WHERE).content.decode()
    assert f'name="disputes" value="{checksum(BEN)}"' in html
    client, form = review(ANN, WHERE, {"disputes": "", "proposals": checksum(CAT)})
    client.post(WHERE, form)
    assert list(Representative.objects.values_list("kind", "representative")) == [("proposals", CAT)]


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("entered", ["0x12", checksum(ANN), checksum(BEN)[:-1] + "z"])
def test_an_invalid_address_is_refused_at_its_field(entered: str) -> None:
    answer = browser(ANN).post(WHERE, {"disputes": entered, "proposals": checksum(BEN)})
    html = answer.content.decode()
    assert answer.status_code == 400
    assert 'id="id_disputes_error"' in html
    assert entered in html
    assert not Representative.objects.exists()


@pytest.mark.usefixtures("network")
def test_a_link_fills_in_a_wallet() -> None:
    html = page(f"{WHERE}?wallet={BEN}", ANN)
    assert html.count(f'value="{checksum(BEN)}"') == 2


def test_the_page_asks_to_sign_in(network: None) -> None:
    assert "Sign in" in page(WHERE)
    assert browser(None).post(WHERE, {"disputes": BEN}).status_code == 401


def test_the_vote_card_shows_represented_power_and_the_representative(network: None) -> None:
    for wallet in (ANN, CAT):
        name_representatives(wallet=wallet, named={"disputes": DAN}, now=scenario.now())
    slash = scenario.slash_node()
    scenario.advance_clock()
    dispute = open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=scenario.now())
    where = f"/disputes/{dispute.pk}/"
    assert "Your representative has not voted:" in page(where, ANN)
    html = page(where, DAN)
    assert "Power of 2 wallets that you represent" in html
    assert "Review vote" in html
    client, form = review(DAN, f"{where}vote/", {"choice": "overturn", "reason": ""})
    client.post(f"{where}vote/", form)
    html = page(where, ANN)
    assert "If you do not vote, your power counts for the choice of your representative:" in html
    assert "own 0, represented 600" in html
    assert "+ 600 represented" in html
    vote_dispute(dispute=dispute.pk, choice="uphold", reason="", wallet=ANN, now=scenario.now())
    html = page(where, BEN)
    assert "own 0, represented 200" in html
    assert "66.7%" in html
    assert "33.3%" in html
    client = browser(DAN)
    assert "can vote" not in client.get("/governance/").content.decode()
    for wallet in (ANN, CAT):
        vote_dispute(dispute=dispute.pk, choice="uphold", reason="", wallet=wallet, now=scenario.now())
    assert f'action="{where}vote/"' in page(where, DAN)
    client, form = review(DAN, f"{where}vote/", {"choice": "uphold", "reason": ""})
    assert client.post(f"{where}vote/", form).status_code == 303
