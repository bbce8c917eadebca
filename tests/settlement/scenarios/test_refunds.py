"""Delegations made in the epoch of an offence are refunded (R32)."""

from __future__ import annotations

import pytest

from delegation.services import positions
from ledger.models import Transaction
from protocol.amounts import MICRO
from staking.models import Pool
from staking.services import faucet
from tests.network import Network, wallet

pytestmark = pytest.mark.django_db


def test_newcomers_get_their_tokens_back_and_are_not_in_the_base(net: Network) -> None:
    node = net.node(own=1_000)
    net.delegate(node, 1, 1_000)
    net.settle()
    net.delegate(node, 1, 200)
    net.delegate(node, 2, 300)
    net.work(node, 1, outcome="dropped")
    net.settle()
    assert (net.available(wallet(1)), net.available(wallet(2))) == (200 * MICRO, 300 * MICRO)
    assert (net.value(node, 1), net.value(node, 2)) == (1_000 * MICRO, 0)
    assert net.slash(node).base_delegated == 1_000 * MICRO
    assert Transaction.objects.filter(kind="refund").count() == 1


def test_what_was_undelegated_while_pending_is_liable(net: Network) -> None:
    """B brings 300 and takes 100 of them back: 200 are refunded, the 100 that leave are in the base."""
    node = net.node(own=1_000)
    net.delegate(node, 1, 1_000)
    net.settle()
    net.delegate(node, 2, 300)
    leaving = net.undelegate(node, 2, 100).unbonding
    net.work(node, 1, outcome="dropped")
    net.settle()
    assert net.available(wallet(2)) == 200 * MICRO
    assert net.slash(node).base_delegated == 1_100 * MICRO
    net.settle()
    # 165 of 1,100 and 150 of the operator; 78.75 come back: a loss of 86.25, 1/11 of it on the entry.
    assert net.entry(leaving) == 100 * MICRO - 7_840_910
    assert net.value(node, 1) == 1_000 * MICRO - 78_409_090


def test_own_stake_of_the_same_epoch_stays_and_is_liable(net: Network) -> None:
    node = net.node(own=1_000)
    net.settle()
    net.fund(net.operator_of(node), 500)
    net.stake(node, 500)
    net.work(node, 1, outcome="dropped")
    net.settle()
    assert net.slash(node).base_self == 1_500 * MICRO


def test_one_refund_for_several_offences(net: Network) -> None:
    node = net.node(own=1_000)
    net.settle()
    net.delegate(node, 1, 300)
    net.work(node, 1, outcome="dropped")
    net.work(node, 1, proof="invalid")
    net.settle()
    assert net.available(wallet(1)) == 300 * MICRO
    assert [net.slash(node, name).base_delegated for name in ("dropout", "invalid_proof")] == [0, 0]
    assert Transaction.objects.filter(kind="refund").count() == 1


def test_the_last_wallet_takes_what_the_floors_leave() -> None:
    """20 µIFM are slashed to 17 over 20 shares; 3 and 7 more get 3 and 8 shares, and the first holder takes 17 out.

    So 10 tokens over 11 pending shares are refunded: floor(30 / 11) = 2 to the first, the rest to the last.
    """
    net = Network(min_amount="0.000001", emission_per_epoch="0")
    node = net.node(own=1_000, custodial=True)
    bring(net, node, 1, 20)
    net.settle()
    net.work(node, 1, outcome="dropped")
    net.settle(2)
    pool = Pool.objects.get(node__address=node)
    assert (pool.tokens, pool.shares) == (17, 20)
    bring(net, node, 2, 3)
    bring(net, node, 3, 7)
    net.undelegate(node, 1)
    pool.refresh_from_db()
    assert (pool.tokens, pool.shares) == (10, 11)
    net.work(node, 1, outcome="dropped")
    net.settle()
    pool.refresh_from_db()
    assert (pool.tokens, pool.shares) == (0, 0)
    assert [net.available(wallet(number)) for number in (2, 3)] == [2, 8]
    assert net.slash(node).base_delegated == 17


def bring(net: Network, node: str, number: int, micro: int) -> None:
    faucet.fund(wallet=wallet(number), amount=micro, now=net.now)
    positions.delegate(node=node, amount=micro, wallet=wallet(number), now=net.now)
