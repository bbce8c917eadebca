"""An operator's own stake: in, out, pending, earnings (R12, R13, R16, R42)."""

from __future__ import annotations

import pytest

from ledger import accounts
from ledger.models import Entry, Transaction
from ledger.selectors import balance, balances
from protocol.amounts import MICRO
from protocol.errors import (
    AmountTooSmall,
    InsufficientBalance,
    NodeBanned,
    NodeRetired,
    NotFound,
    NothingToClaim,
    NotOperator,
    ProtocolError,
)
from staking.models import Node
from staking.services import stakes
from tests.network import Network, node_address, operator, wallet

pytestmark = pytest.mark.django_db


def stake_of(net: Network, node: str) -> tuple[int, int]:
    """Stake and the part of it that is pending, µIFM."""
    row = Node.objects.get(address=node)
    return row.self_stake, row.pending_in(net.epoch.number)


def test_stake_is_pending_in_its_epoch_and_active_in_the_next(net: Network) -> None:
    node = net.node(own=600)
    assert stake_of(net, node) == (600 * MICRO, 600 * MICRO)
    net.settle()
    assert stake_of(net, node) == (600 * MICRO, 0)
    net.fund(operator(1), 40)
    net.stake(node, 30.5)
    net.stake(node, 9.5)
    assert stake_of(net, node) == (640 * MICRO, 40 * MICRO)
    assert balances([accounts.stake(node), accounts.wallet(operator(1))]) == {
        accounts.stake(node): 640 * MICRO,
        accounts.wallet(operator(1)): 0,
    }


def test_each_movement_is_one_transaction_that_says_what_it_is(net: Network) -> None:
    node = net.node(own=10)
    posted = Transaction.objects.get(kind="stake")
    assert (posted.reference, posted.actor, posted.epoch, posted.at) == (node, operator(1), 1, net.now)
    assert set(Entry.objects.filter(transaction=posted).values_list("account__name", "amount")) == {
        (accounts.wallet(operator(1)), -10 * MICRO),
        (accounts.stake(node), 10 * MICRO),
    }
    moved = net.unstake(node, 4)
    posted = Transaction.objects.get(pk=moved.transaction)
    assert posted.kind == "unstake"
    assert set(posted.entries.values_list("account__name", "amount")) == {
        (accounts.stake(node), -4 * MICRO),
        (accounts.unbonding(node), 4 * MICRO),
    }


def test_pending_stake_leaves_first(net: Network) -> None:
    node = net.node(own=100)
    net.settle()
    net.fund(operator(1), 50)
    net.stake(node, 50)
    net.unstake(node, 20)
    assert stake_of(net, node) == (130 * MICRO, 30 * MICRO)
    net.unstake(node, 40)
    assert stake_of(net, node) == (90 * MICRO, 0)
    net.settle()
    assert net.row(node).active_stake == 90 * MICRO


def test_all_of_the_stake_can_leave_and_no_more(net: Network) -> None:
    node = net.node(own=100)
    with pytest.raises(InsufficientBalance):
        net.unstake(node, 100.000001)
    net.unstake(node)
    assert stake_of(net, node) == (0, 0)
    with pytest.raises(InsufficientBalance):
        net.unstake(node)


def test_the_least_that_leaves_is_one_micro(net: Network) -> None:
    node = net.node(own=100)
    assert net.unstake(node, 0.000001).unbonding.entered == 1
    with pytest.raises(AmountTooSmall):
        net.unstake(node, 0)


def test_the_refusals_of_staking_in_their_order(net: Network) -> None:
    banned, retired, node = net.node(1, own=1_000), net.node(2, own=1_000), net.node(3, own=1)
    net.settle()
    net.work(banned, 1, proof="forged")
    net.change(retired, status="retired")
    net.settle()
    cases: list[tuple[type[ProtocolError], str, int, str]] = [
        (NotFound, node_address(9), 1, wallet(1)),
        (NotOperator, banned, 1, wallet(1)),
        (AmountTooSmall, banned, MICRO - 1, operator(1)),
        (NodeBanned, banned, 5_000 * MICRO, operator(1)),
        (NodeRetired, retired, 5_000 * MICRO, operator(2)),
        (InsufficientBalance, node, 5_000 * MICRO, operator(3)),
    ]
    for refusal, address, amount, actor in cases:
        with pytest.raises(refusal):
            stakes.stake(node=address, amount=amount, actor=actor, now=net.now)
    with pytest.raises(NotOperator):
        stakes.unstake(node=node, amount=5_000 * MICRO, actor=wallet(1), now=net.now)


def test_a_refused_request_changes_nothing(net: Network) -> None:
    node = net.node(own=1)
    before = Transaction.objects.count()
    with pytest.raises(InsufficientBalance):
        net.stake(node, 5)
    assert (stake_of(net, node), Transaction.objects.count()) == ((MICRO, MICRO), before)


def test_a_banned_node_can_be_left(net: Network) -> None:
    node = net.node(own=1_000)
    net.settle()
    net.work(node, 1, proof="forged")
    net.settle(2)
    assert net.unstake(node).unbonding.entered == 500 * MICRO


def test_operators_claim_and_compound_what_they_earned() -> None:
    net = Network(emission_per_epoch="0.6")
    node = net.node(own=100)
    net.settle()
    with pytest.raises(NothingToClaim):
        net.claim_own(node)
    net.work(node)
    net.settle()
    # 1.2 IFM: enough to stake, and no longer there to be claimed.
    done = stakes.compound_operator(node=node, actor=operator(1), now=net.now)
    assert (done.amount, stake_of(net, node)) == (1_200_000, (101_200_000, 1_200_000))
    net.work(node)
    net.settle()
    with pytest.raises(AmountTooSmall):
        stakes.compound_operator(node=node, actor=operator(1), now=net.now)
    with pytest.raises(NotOperator):
        stakes.claim_operator(node=node, actor=wallet(1), now=net.now)
    assert net.claim_own(node) == 600_000
    assert (net.available(operator(1)), balance(accounts.rewards(node))) == (600_000, 0)
    net.check()
