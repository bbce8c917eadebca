"""The reward of the open epoch that leaving now gives up: shown before it happens, equal to what is not paid (R41)."""

from __future__ import annotations

import re

from delegation.selectors.positions import position_of
from delegation.services import positions
from protocol.amounts import MICRO, parse_amount
from staking.measurement.provisional import provisional_reward
from staking.models import Node, NodeEpoch
from staking.services.epochs import open_epoch
from tests.shared_rows import shared
from tests.wallets import ANNA, BELA, NORTH, OLGA, OTTO, SOUTH

FORFEITED = re.compile(r"Reward of epoch 2 given up</dt><dd[^>]*>(about ([\d,.]+) IFM|nothing so far)")


@shared
def working(net):
    """Epoch 2 with two nodes that work; Anna has 1,500 and Bela 500 active on the first."""
    net.node(NORTH, OLGA, 2_000)
    net.node(SOUTH, OTTO, 1_000)
    for wallet, amount in ((ANNA, 1_500), (BELA, 500)):
        net.fund(wallet, amount)
        positions.delegate(node=NORTH, amount=amount * MICRO, wallet=wallet, now=net.now)
    net.settle()
    net.work(NORTH, 30)
    net.work(SOUTH)
    return net


def reward(net, node: str = NORTH):
    return provisional_reward(node, epoch=open_epoch(), now=net.now)


def test_the_provisional_reward_is_what_the_settlement_pays_when_nothing_more_happens(working):
    so_far = {node: reward(working, node).reward for node in (NORTH, SOUTH)}
    working.set_clock(open_epoch().end)
    at_the_end = {node: reward(working, node).reward for node in (NORTH, SOUTH)}
    working.settle()
    paid = dict(NodeEpoch.objects.filter(epoch=2).values_list("node__address", "reward"))
    assert at_the_end == paid
    assert all(so_far.values())


def test_what_a_delegator_gives_up_is_its_part_of_the_delegators_reward(working):
    working.set_clock(open_epoch().end)
    expected = reward(working).forfeited_by_delegator(1_500 * MICRO)
    working.settle()
    assert expected == position_of(ANNA, Node.objects.get(address=NORTH).id).claimable


def test_the_preview_of_leaving_names_the_reward_that_is_given_up(working, sign_in):
    page = sign_in(ANNA).get("/money/undelegate/review/", {"node": NORTH, "amount": "750"}, follow=True)
    text = page.content.decode()
    shown = parse_amount(FORFEITED.search(text)[2].replace(",", ""))
    assert abs(shown - reward(working).forfeited_by_delegator(750 * MICRO)) < MICRO
    own = sign_in(OLGA).get("/money/unstake/review/", {"node": NORTH, "amount": "500"}, follow=True)
    shown = parse_amount(FORFEITED.search(own.content.decode())[2].replace(",", ""))
    assert abs(shown - reward(working).forfeited_by_operator(500 * MICRO)) < MICRO


def test_pending_stake_gives_up_nothing(working, sign_in):
    working.fund(ANNA, 100)
    positions.delegate(node=SOUTH, amount=100 * MICRO, wallet=ANNA, now=working.now)
    page = sign_in(ANNA).get("/money/undelegate/review/", {"node": SOUTH, "amount": "50"}, follow=True)
    assert FORFEITED.search(page.content.decode())[1] == "nothing so far"
