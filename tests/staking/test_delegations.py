"""Backing a node with tokens, and taking them back (R12–R15, R42)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model

from delegation.models import Position
from delegation.services import earnings, positions
from protocol.amounts import MICRO
from protocol.errors import (
    AmountTooSmall,
    DelegationCapExceeded,
    InsufficientBalance,
    NodeBanned,
    NodeCooldown,
    NodeRetired,
    NotFound,
    NothingToClaim,
    OwnNode,
    PendingSlash,
    ProtocolError,
)
from staking.models import Epoch, Pool, Unbonding
from staking.selectors.nodes import node_figures
from staking.services.epochs import lock_open_epoch
from tests.network import START, Network, node_address, operator, wallet

pytestmark = pytest.mark.django_db


def test_each_refusal_comes_before_the_next(net: Network) -> None:
    """A node for each code; every case fits all the later refusals that it can fit as well."""
    for number in range(1, 7):
        net.node(number, own=1_000)
    net.settle()
    net.work(node_address(1), 1, proof="forged")
    net.work(node_address(4), 1, proof="invalid")
    net.settle(2)
    net.work(node_address(3), 1, outcome="dropped")
    net.settle()
    net.change(node_address(2), status="retired")
    for number in (3, 4, 5):
        net.change(node_address(number), delegation_cap=0)
    cases: list[tuple[type[ProtocolError], int, int, str]] = [
        (NotFound, 9, MICRO - 1, wallet(1)),
        (OwnNode, 1, MICRO - 1, operator(1)),
        (AmountTooSmall, 1, MICRO - 1, wallet(1)),
        (NodeBanned, 1, MICRO, wallet(1)),
        (NodeRetired, 2, MICRO, wallet(1)),
        (PendingSlash, 3, MICRO, wallet(1)),
        (NodeCooldown, 4, MICRO, wallet(1)),
        (DelegationCapExceeded, 5, MICRO, wallet(1)),
        (InsufficientBalance, 6, MICRO, wallet(1)),
    ]
    for refusal, number, amount, by in cases:
        with pytest.raises(refusal):
            positions.delegate(node=node_address(number), amount=amount, wallet=by, now=net.now)


def test_a_pending_slash_closes_before_a_cooldown_does(net: Network) -> None:
    node = net.node(own=1_000)
    net.settle()
    net.work(node, 1, proof="invalid")
    net.settle()
    with pytest.raises(PendingSlash):
        net.delegate(node, 1, 1)
    net.settle()
    with pytest.raises(NodeCooldown):
        net.delegate(node, 1, 1)


def test_the_cap_leaves_the_amount_it_says(net: Network) -> None:
    node = net.node(own=1, delegation_cap=100 * MICRO)
    net.delegate(node, 1, 60)
    with pytest.raises(DelegationCapExceeded) as refused:
        net.delegate(node, 2, 40.000001)
    assert refused.value.extra["room"] == "40.000000"
    net.delegate(node, 2, 40, fund=False)
    net.change(node, delegation_cap=50 * MICRO)
    with pytest.raises(DelegationCapExceeded) as refused:
        net.delegate(node, 2, 1)
    # Lowering the cap evicts nobody.
    assert refused.value.extra["room"] == "0.000000"
    assert Pool.objects.get().tokens == 100 * MICRO


def test_an_undelegation_is_bounded_by_what_is_held(net: Network) -> None:
    node = net.node(own=1)
    net.delegate(node, 1, 10)
    actions: list[tuple[type[ProtocolError], Callable[[], Any]]] = [
        (AmountTooSmall, lambda: net.undelegate(node, 1, 0)),
        (InsufficientBalance, lambda: net.undelegate(node, 1, 10.000001)),
        (InsufficientBalance, lambda: net.undelegate(node, 2)),
        (NotFound, lambda: net.undelegate(node_address(9), 1)),
    ]
    for refusal, action in actions:
        with pytest.raises(refusal):
            action()
    assert net.undelegate(node, 1, 0.000001).unbonding.entered == 1
    assert net.undelegate(node, 1).unbonding.entered == 9_999_999


def test_the_answer_is_what_the_database_keeps(net: Network) -> None:
    node = net.node(own=1)
    net.delegate(node, 1, 100)
    for act, amount in ((net.delegate, 10), (net.undelegate, 30)):
        held = act(node, 1, amount)
        assert _columns(held.position) == _columns(Position.objects.get())
        assert _columns(held.node.pool) == _columns(Pool.objects.get())
        assert held.node.name == "node 1"
    assert held.unbonding is not None
    assert _columns(held.unbonding) == _columns(Unbonding.objects.get())
    assert (held.unbonding.entered, held.position.shares) == (30 * MICRO, 80 * MICRO)


def _columns(row: Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_a_network_starts_with_the_first_who_asks() -> None:
    with pytest.raises(NotFound):
        positions.delegate(node=node_address(1), amount=MICRO, wallet=wallet(1), now=START)
    assert not Epoch.objects.exists()  # a refusal changes nothing, not even that
    lock_open_epoch()
    with pytest.raises(NotFound):
        positions.delegate(node=node_address(1), amount=MICRO, wallet=wallet(1), now=START)


def test_pending_shares_leave_first(net: Network) -> None:
    node = net.node(own=1)
    net.delegate(node, 1, 100)
    net.settle()
    net.delegate(node, 1, 50)
    net.undelegate(node, 1, 20)
    held = Position.objects.get()
    assert (held.shares, held.pending_shares) == (130 * MICRO, 30 * MICRO)
    net.undelegate(node, 1, 40)
    held.refresh_from_db()
    assert (held.shares, held.pending_shares) == (90 * MICRO, 0)


def test_what_leaves_in_an_epoch_does_not_earn_it() -> None:
    net = Network(emission_per_epoch="100")
    node = net.node(own=1_000)
    net.delegate(node, 1, 1_000)
    net.settle()
    net.undelegate(node, 1, 500)
    net.work(node)
    net.settle()
    # 200 IFM × 500 / 1,500 × 80 %.
    assert net.owed(node, 1) == 53_333_332


def test_a_compound_is_a_claim_and_a_delegation() -> None:
    net = Network(emission_per_epoch="1")
    node = net.node(own=1_000)
    net.delegate(node, 1, 4_000)
    net.settle()
    net.work(node)
    net.settle()
    # 2 IFM × 4 / 5 × 80 %.
    assert net.compound(node, 1) == 1_280_000
    held = Position.objects.get()
    assert (held.shares, held.pending_shares, held.claimed) == (4_001_280_000, 1_280_000, 1_280_000)
    net.work(node)
    net.settle()
    with pytest.raises(AmountTooSmall):
        net.compound(node, 1)
    assert net.owed(node, 1) == 640_000
    net.change(node, status="retired")
    net.work(node)
    net.settle()
    with pytest.raises(NodeRetired):
        net.compound(node, 1)
    # 640,000 and 80 % of floor(1,000,000 × 4,001.28 / 5,001.28) = 800,051, less what the floor of the index leaves.
    assert net.claim(node, 1) == 1_280_039
    with pytest.raises(NothingToClaim):
        net.compound(node, 1)
    net.check()


def test_claiming_everywhere_is_all_or_nothing() -> None:
    net = Network(emission_per_epoch="10", q_stake_bps=0, q_latency_bps=0)
    first, second = net.node(1, own=100), net.node(2, own=100)
    for node in (first, second):
        net.delegate(node, 1, 100)
    net.settle()
    with pytest.raises(NothingToClaim):
        earnings.claim_all(wallet=wallet(1), now=net.now)
    for node in (first, second):
        net.work(node)
    net.settle()
    claimed = earnings.claim_all(wallet=wallet(1), now=net.now)
    assert [(done.node.address, done.amount) for done in claimed] == [(first, 4 * MICRO), (second, 4 * MICRO)]
    assert [done.amount for done in earnings.claim_all(wallet=operator(1), now=net.now)] == [6 * MICRO]


def test_the_live_tier_counts_what_is_pending_and_not_what_leaves(net: Network) -> None:
    """R6, R7: tier 1 begins at 500 IFM."""
    node = net.node(own=400)
    assert node_figures(node, now=net.now).tier == 0
    net.delegate(node, 1, 100)
    assert node_figures(node, now=net.now).tier == 1
    net.undelegate(node, 1, 0.000001)
    assert node_figures(node, now=net.now).tier == 0
