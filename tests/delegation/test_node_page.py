"""A wallet's delegation on the page of a node, estimates, and nodes compared."""

from __future__ import annotations

import re

from delegation.selectors.positions import positions_of_wallet
from staking.services import stakes
from tests.delegation.site import text
from tests.wallets import ANNA, EAST, NORTH, OLGA, OTTO, SOUTH, address, shown
from web.formatting import amount_digits


def test_the_node_page_has_what_is_mine_beside_it(delegated, sign_in, client):
    page = text(sign_in(ANNA).get(f"/nodes/{NORTH}/"))
    for words in (
        "Your position",
        "1,500.00",
        "APR paid to delegators",
        "NEW",
        "What an offence would cost you",
    ):
        assert words in page
    # Half of 1,500 for a forged trace; of 750 + 500 a quarter, 312.5, goes back.
    assert "750.00" in page
    assert "437.50" in page
    assert "redelegate from another node" in page
    assert "300 IFM on Node 02" in page
    page = text(client.get(f"/nodes/{NORTH}/", {"amount": "1000"}))
    assert "Your position" not in page
    assert "Your share of the pool" in page
    assert "Sign in to delegate" in page
    assert "Operator console" in text(sign_in(OLGA).get(f"/nodes/{NORTH}/"))
    assert client.get(f"/nodes/{EAST}/").status_code == 404


def test_a_reduced_share_is_shown_beside_the_button(delegated, sign_in, caller):
    caller(OLGA).client.patch(f"/api/v1/nodes/{NORTH}", {"delegator_share_bps": 7_600}, format="json")
    page = text(sign_in(ANNA).get(f"/nodes/{NORTH}/"))
    assert "The delegator share was reduced" in page
    assert "From 80.00% to 76.00%, in force from epoch 4" in page
    review = text(sign_in(ANNA).get("/money/delegate/review/", {"node": NORTH, "amount": "10"}, follow=True))
    assert "reduced from 80.00% to 76.00%, in force from epoch 4" in review
    assert "becomes 76%" in re.sub(r"\s+", " ", review)


def test_an_estimate_is_for_everybody_and_says_so(delegated, client):
    page = text(client.get(f"/nodes/{NORTH}/estimate/", {"amount": "1000"}))
    assert "40.0%" in page  # 1,000 of 2,500
    assert "estimate" in page.lower()
    assert "amount_invalid" in text(client.get(f"/nodes/{NORTH}/estimate/", {"amount": "many"}))
    assert client.get(f"/nodes/{EAST}/estimate/", {"amount": "1"}).status_code == 404


def test_nodes_side_by_side(delegated, client):
    page = text(client.get("/compare/", {"n": [NORTH, SOUTH, "nonsense", NORTH]}))
    assert "Compare 2 nodes" in page
    for words in ("Node 01", "Node 02", "APR, last 90 epochs", "NEW", "non-custodial"):
        assert words in page
    for number in range(5):
        delegated.node(address(f"0e{number:02}"), OTTO, 0)
    many = [address(f"0e{number:02}") for number in range(5)]
    page = text(client.get("/compare/", {"n": many}))
    assert "1 more node is not shown" in page
    assert "Nothing to compare yet" in text(client.get("/compare/"))
    tried = text(client.get("/compare/", {"n": [NORTH, SOUTH], "amount": "1000"}))
    assert "APR for 1,000.00 IFM" in tried
    assert "estimate" in tried
    page = client.get("/compare/", {"n": NORTH, "amount": "1000"}).content.decode()
    assert f'href="/nodes/{NORTH}/?amount=1000#delegate"' in page
    both = client.get("/compare/", {"n": [NORTH, SOUTH], "amount": "1000"}).content.decode()
    assert f'href="?n={shown(SOUTH)}&amp;amount=1000"' in both
    assert "amount_invalid" in text(client.get("/compare/", {"n": NORTH, "amount": "lots"}))


def test_an_unbonding_operator_is_named_beside_a_graver_state(delegated, sign_in, client):
    delegated.work(NORTH, 10)
    delegated.work(NORTH, 1, proof="invalid")
    delegated.settle()
    stakes.unstake(node=NORTH, amount=1_000_000, actor=OLGA, now=delegated.now)
    for page in (text(client.get("/compare/", {"n": [NORTH, SOUTH]})), text(sign_in(OLGA).get("/operator/"))):
        assert "Slash pending" in page
        assert "Operator unbonding" in page


def test_leaving_shows_the_reward_of_the_open_epoch_that_it_gives_up(delegated, sign_in):
    delegated.work(NORTH, 12)
    anna = sign_in(ANNA)
    before = positions_of_wallet(ANNA)
    preview = text(anna.get(f"/money/undelegate/?node={NORTH}&amount=500"))
    delegated.settle()
    after = {position.node: position.claimable for position in positions_of_wallet(ANNA)}
    earned = sum(after[position.node] - position.claimable for position in before if position.node == NORTH)
    assert earned > 0
    # A third of the delegation gives up a third of what it would have earned.
    row = f"Reward of epoch 3 given upabout {amount_digits(earned // 3, 2)} IFM by the work so far"
    assert row in preview.replace("\n", "")
    assert preview.count("iven up") == 1


def test_an_operator_who_unbonds_is_a_warning_before_delegating(delegated, sign_in):
    stakes.unstake(node=NORTH, amount=1_000_000, actor=OLGA, now=delegated.now)
    page = text(sign_in(ANNA).get(f"/money/delegate/review/?node={NORTH}&amount=10", follow=True))
    assert "Its operator is unbonding own stake" in page
