"""Pages that offer a redelegation: which stake, to which nodes, and why not."""

from __future__ import annotations

from staking.services import stakes
from tests.delegation.site import text
from tests.wallets import ANNA, NORTH, OLGA, SOUTH, shown


def offers(page: str, source: str) -> bool:
    """Whether a page has a link that redelegates from a node."""
    return f"/money/redelegate/?node={source}" in page.lower()


def test_a_redelegation_that_is_not_possible_says_why(delegated, sign_in):
    stakes.unstake(node=NORTH, amount=1_000_000, actor=OLGA, now=delegated.now)
    page = text(sign_in(ANNA).get("/portfolio/"))
    assert "No redelegation: The operator is unbonding." in page
    assert "Operator unbonding" in page
    page = text(sign_in(ANNA).get(f"/nodes/{NORTH}/"))
    assert "The operator is unbonding its own stake" in page
    assert "undelegating is possible" in page
    assert "No redelegation: The operator is unbonding." in page


def test_while_a_slash_is_pending_stake_can_be_redelegated_and_pages_say_what_cancels_it(
    delegated, sign_in, caller
):
    delegated.work(NORTH, 1, outcome="dropped")
    delegated.settle()
    for path in ("/portfolio/", f"/nodes/{NORTH}/", f"/nodes/{SOUTH}/"):
        assert offers(sign_in(ANNA).get(path).content.decode(), NORTH), path
    for path in ("/portfolio/", f"/nodes/{NORTH}/"):
        page = text(sign_in(ANNA).get(path))
        assert "a redelegation is cancelled if it is still pending then" in page
        assert "No redelegation" not in page
    assert caller(ANNA).post(f"nodes/{NORTH}/redelegate", {"to": SOUTH, "amount": "5"}).status_code == 201


def test_stake_that_the_hop_rule_binds_is_offered_nowhere(delegated, sign_in, caller):
    caller(ANNA).post(f"nodes/{NORTH}/redelegate", {"to": SOUTH, "amount": "100"})
    delegated.settle()
    assert (
        caller(ANNA).post(f"nodes/{SOUTH}/redelegate", {"to": NORTH, "amount": "5"}).json()["code"]
        == "redelegation_hop"
    )
    for path in ("/portfolio/", f"/nodes/{SOUTH}/", f"/nodes/{NORTH}/"):
        assert not offers(sign_in(ANNA).get(path).content.decode(), SOUTH), path
    for path in ("/portfolio/", f"/nodes/{SOUTH}/"):
        page = text(sign_in(ANNA).get(path))
        assert "No redelegation: It was redelegated to this node and can move again from 15 Jan" in page, path


def test_stake_on_a_node_whose_operator_unbonds_or_that_moves_already_is_not_offered(
    delegated, sign_in, caller
):
    caller(ANNA).post(f"nodes/{SOUTH}/redelegate", {"to": NORTH, "amount": "all"})
    caller(ANNA).post(f"nodes/{SOUTH}/redelegate", {"to": NORTH, "amount": "300"})
    stakes.unstake(node=NORTH, amount=1_000_000, actor=OLGA, now=delegated.now)
    for source, reason in (
        (NORTH, "The operator is unbonding."),
        (SOUTH, "All of it moves after this epoch."),
    ):
        for path in ("/portfolio/", f"/nodes/{NORTH}/", f"/nodes/{SOUTH}/"):
            assert not offers(sign_in(ANNA).get(path).content.decode(), source), (source, path)
        assert f"No redelegation: {reason}" in text(sign_in(ANNA).get(f"/nodes/{source}/"))


def test_stake_on_a_banned_node_can_move_although_its_operator_unbonds(delegated, sign_in, caller):
    delegated.work(NORTH, 1, proof="forged")
    delegated.settle()
    delegated.settle(2)
    stakes.unstake(node=NORTH, amount=1_000_000, actor=OLGA, now=delegated.now)
    for path in ("/portfolio/", f"/nodes/{NORTH}/"):
        assert offers(sign_in(ANNA).get(path).content.decode(), NORTH), path
    assert "its delegators cannot redelegate" not in text(sign_in(ANNA).get(f"/nodes/{NORTH}/"))
    assert caller(ANNA).post(f"nodes/{NORTH}/redelegate", {"to": SOUTH, "amount": "5"}).status_code == 201


def test_a_node_to_redelegate_to_is_found_by_name(delegated, sign_in):
    anna = sign_in(ANNA)
    form = anna.get("/money/redelegate/", {"node": NORTH}).content.decode()
    assert "Node 02" in form
    assert f'value="{shown(NORTH)}" required' not in form
    part = anna.get(
        "/money/redelegate/",
        {"node": NORTH, "q": "nothing"},
        headers={"HX-Request": "true", "HX-Target": "targets"},
    ).content.decode()
    assert "<html" not in part
    assert "No open node matches" in part
    preview = text(anna.get("/money/redelegate/", {"node": NORTH, "to": shown(SOUTH), "amount": "500"}))
    for words in (
        "Reward per epoch of both, estimate",
        "APR for you, estimate",
        "If Node 01 is slashed",
        "If Node 02",
    ):
        assert words in preview
