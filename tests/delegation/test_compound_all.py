"""Compounding everywhere at once: what a node refuses stays claimable there."""

from __future__ import annotations

import pytest

from delegation.services import earnings, positions
from protocol.errors import NothingToClaim
from settlement.audit import audit
from tests.network import Network
from tests.wallets import ANNA, EAST, NORTH, OLGA, OTTO, SOUTH


def test_what_cannot_be_compounded_stays(net: Network) -> None:
    net.node(NORTH, OLGA, 1_000)
    net.node(SOUTH, OTTO, 1_000)
    net.node(EAST, ANNA, 1_000)
    net.fund(ANNA, 3_000)
    for node in (NORTH, SOUTH):
        positions.delegate(node=node, amount=1_000_000_000, wallet=ANNA, now=net.now)
    with pytest.raises(NothingToClaim):
        earnings.compound_all(wallet=ANNA, now=net.now)
    net.settle(worked=[NORTH, SOUTH, EAST])
    net.work(SOUTH, 1, outcome="dropped")
    net.settle(worked=[NORTH, SOUTH, EAST])

    # SOUTH dropped a job: its delegations are closed. The wallet's own node takes its part as stake.
    before = net.figures(ANNA)
    done = {one.node.address: one.amount for one in earnings.compound_all(wallet=ANNA, now=net.now)}
    after = net.figures(ANNA)

    assert sorted(done) == [NORTH, EAST]
    assert after.available == before.available
    assert after.delegated - before.delegated == done[NORTH]
    assert after.staked - before.staked == done[EAST]
    assert before.claimable - after.claimable == sum(done.values())
    assert after.claimable > 0
    assert audit() == []
    with pytest.raises(NothingToClaim):
        earnings.compound_all(wallet=ANNA, now=net.now)
