"""The faucet cannot issue so much that an epoch's emission would no longer fit the ledger (R1)."""

from __future__ import annotations

import pytest

from protocol.amounts import MAX_AMOUNT
from protocol.errors import AmountInvalid
from staking.services.faucet import MAX_ISSUED, fund
from tests.network import Network, wallet

pytestmark = pytest.mark.django_db


def test_emissions_go_on_after_the_most_was_issued() -> None:
    net = Network()
    with pytest.raises(AmountInvalid):
        fund(wallet=wallet(1), amount=MAX_AMOUNT, now=net.now)
    fund(wallet=wallet(1), amount=MAX_ISSUED, now=net.now)
    with pytest.raises(AmountInvalid):
        fund(wallet=wallet(2), amount=1, now=net.now)
    net.work(net.node(1))
    net.settle(2)
    assert net.available(wallet(1)) == MAX_ISSUED


def test_the_largest_purse_can_be_staked_and_slashed() -> None:
    net = Network()
    node = net.node(1)
    fund(wallet=wallet(1), amount=MAX_ISSUED, now=net.now)
    net.delegate(node, 1, MAX_ISSUED // 10**6, fund=False)
    net.settle()
    net.work(node)
    net.work(node, 1, outcome="dropped")
    net.settle(2)
    base = MAX_ISSUED // 10**6 * 10**6
    slash = net.slash(node)
    assert (slash.base_delegated, slash.delegated_slashed) == (base, base * 1_500 // 10_000)
    assert net.owed(node, 1) > 0
