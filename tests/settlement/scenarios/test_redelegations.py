"""Stake that moves from node to node with its epoch's earnings (R19)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from delegation.models import Redelegation
from delegation.services import redelegations
from protocol.amounts import MICRO
from protocol.errors import (
    AmountTooSmall,
    DelegationCapExceeded,
    InsufficientBalance,
    Invalid,
    NodeBanned,
    NodeCooldown,
    NodeRetired,
    NodeUnbonding,
    NotFound,
    OwnNode,
    PendingSlash,
    ProtocolError,
    RedelegationHop,
)
from staking.models import Event, Node, Pool
from tests.network import Network, node_address, operator, wallet
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db


@shared
def pair(net: Network) -> tuple[str, str]:
    """Two nodes with 1,000 IFM each; wallet 1 has 400 on the first, active since epoch 2."""
    source, target = net.node(1, own=1_000), net.node(2, own=1_000)
    net.delegate(source, 1, 400)
    net.settle()
    return source, target


def state(redelegation: Redelegation) -> tuple[str, int | None, str]:
    redelegation.refresh_from_db()
    return redelegation.status, redelegation.moved, redelegation.reason


def test_no_epoch_without_earnings() -> None:
    net = Network(emission_per_epoch="280", q_stake_bps=0, q_latency_bps=0)
    source, target = net.node(1, own=1_000), net.node(2, own=1_000)
    net.delegate(source, 1, 400)
    net.settle()
    moving = net.redelegate(source, target, 1, 400)
    net.work(source)
    net.settle()
    # 560 IFM for the source alone, two sevenths delegated, 80 % of that: 128.
    assert state(moving) == ("executed", 400 * MICRO, "")
    assert (net.value(source, 1), net.value(target, 1)) == (0, 400 * MICRO)
    assert (net.owed(source, 1), net.owed(target, 1)) == (128 * MICRO, 0)
    net.work(target)
    net.settle()
    assert (net.owed(source, 1), net.owed(target, 1)) == (128 * MICRO, 64 * MICRO)


def test_a_recorded_redelegation_reserves_nothing(net: Network, pair: tuple[str, str]) -> None:
    moving = net.redelegate(*pair, 1, 400)
    net.undelegate(pair[0], 1, 150)
    net.settle()
    assert state(moving) == ("executed", 250 * MICRO, "")


def test_many_cost_a_settlement_little_more_than_one(net: Network, pair: tuple[str, str]) -> None:
    """Anybody may record any number of them, and everybody waits while they are carried out."""
    counts = []
    for many in (1, 1, 20):
        for _ in range(many):
            net.redelegate(*pair, 1, 1)
        with CaptureQueriesContext(connection) as queries:
            net.settle(sound=False)
        counts.append(len(queries))
    net.check()
    assert net.value(pair[1], 1) == 22 * MICRO
    assert counts[2] == counts[1]


def test_what_is_gone_cannot_move(net: Network, pair: tuple[str, str]) -> None:
    moving = net.redelegate(*pair, 1)
    net.undelegate(pair[0], 1)
    net.settle()
    assert state(moving) == ("cancelled", None, "insufficient_balance")
    notification = Event.objects.get(kind="redelegation_cancelled")
    assert (notification.wallet, notification.data["redelegation"]) == (wallet(1), moving.pk)


def test_several_share_one_value(net: Network, pair: tuple[str, str]) -> None:
    third = net.node(3, own=1_000)
    first, second = net.redelegate(*pair, 1, 300), net.redelegate(pair[0], third, 1, 100)
    with pytest.raises(InsufficientBalance):
        net.redelegate(*pair, 1, 1)
    with pytest.raises(InsufficientBalance):
        net.redelegate(*pair, 1)
    net.undelegate(pair[0], 1, 60)
    net.settle()
    assert (state(first)[1], state(second)[1]) == (300 * MICRO, 40 * MICRO)


@pytest.mark.parametrize("guilty", [0, 1], ids=["source", "target"])
def test_a_pending_slash_on_either_side_cancels(net: Network, pair: tuple[str, str], guilty: int) -> None:
    moving = net.redelegate(*pair, 1, 400)
    net.work(pair[guilty], 1, outcome="dropped")
    net.settle()
    assert state(moving) == ("cancelled", None, "pending_slash")
    assert net.value(pair[0], 1) == 400 * MICRO


def test_a_target_that_closed_meanwhile_cancels(net: Network, pair: tuple[str, str]) -> None:
    moving = net.redelegate(*pair, 1, 400)
    net.change(pair[1], delegation_cap=399 * MICRO)
    net.settle()
    assert state(moving) == ("cancelled", None, "delegation_cap_exceeded")
    moving = net.redelegate(*pair, 1, 399)
    net.change(pair[1], status="retired")
    net.settle()
    assert state(moving) == ("cancelled", None, "node_retired")


def test_the_first_redelegation_recorded_is_executed_first_under_a_cap(
    net: Network, pair: tuple[str, str]
) -> None:
    net.delegate(pair[0], 2, 400)
    net.change(pair[1], delegation_cap=500 * MICRO)
    later, earlier = net.redelegate(*pair, 2, 300), net.redelegate(*pair, 1, 300)
    net.settle()
    assert (state(later)[0], state(earlier)[0]) == ("executed", "cancelled")


def test_pending_stake_moves_first_and_active_stake_earns_on(net: Network, pair: tuple[str, str]) -> None:
    net.delegate(pair[0], 1, 100)
    net.redelegate(*pair, 1, 150)
    net.settle()
    pools = {pool.node.address: pool for pool in Pool.objects.select_related("node")}
    assert [pools[node].tokens for node in pair] == [350 * MICRO, 150 * MICRO]
    assert net.row(pair[0]).active_pool == 400 * MICRO


def test_moved_stake_waits_before_it_moves_again(net: Network, pair: tuple[str, str]) -> None:
    net.redelegate(*pair, 1, 400)
    net.settle()
    end = net.now
    with pytest.raises(RedelegationHop):
        net.redelegate(pair[1], pair[0], 1, 1)
    net.now = end + timedelta(seconds=net.epoch.params.unbonding_seconds - 1)
    with pytest.raises(RedelegationHop):
        net.redelegate(pair[1], pair[0], 1, 1)
    net.wait(1)
    assert net.redelegate(pair[1], pair[0], 1, 1).status == "recorded"


def test_nobody_slips_away_while_the_operator_leaves(net: Network, pair: tuple[str, str]) -> None:
    leaving = net.unstake(pair[0], 10).unbonding
    with pytest.raises(NodeUnbonding):
        net.redelegate(*pair, 1, 1)
    net.cancel(leaving.pk, operator(1))
    assert net.redelegate(*pair, 1, 1).status == "recorded"


def test_from_a_banned_node_one_may_go_whatever_its_operator_does(
    net: Network, pair: tuple[str, str]
) -> None:
    net.work(pair[0], 1, proof="forged")
    net.settle(2)
    net.unstake(pair[0], 10)
    moving = net.redelegate(*pair, 1)
    net.settle()
    assert state(moving)[0] == "executed"


def test_a_cooldown_that_ends_with_the_epoch_lets_stake_in(net: Network, pair: tuple[str, str]) -> None:
    """Tier 1: ceil(3 × 1.25) = 4 epochs, 3 … 6, over in step 7 of the settlement of 6; redelegated in step 11."""
    net.work(pair[1], 1, proof="invalid")
    net.settle(4)
    assert net.epoch.number == 6
    with pytest.raises(NodeCooldown):
        net.redelegate(*pair, 1, 100)
    moving = Redelegation.objects.create(
        wallet=wallet(1), source=Node.objects.get(address=pair[0]), target=Node.objects.get(address=pair[1]),
        amount=100 * MICRO, epoch=6, recorded_at=net.now,
    )  # fmt: skip
    net.settle()
    assert state(moving) == ("executed", 100 * MICRO, "")


REFUSALS: list[tuple[type[ProtocolError], dict[str, object]]] = [
    (AmountTooSmall, {"amount": 0}),
    (Invalid, {"target": 1}),
    (NotFound, {"target": 77}),
    (OwnNode, {"by": operator(2)}),
    (AmountTooSmall, {"amount": MICRO - 1}),
    (NodeBanned, {"target": 4}),
    (NodeRetired, {"target": 5}),
    (PendingSlash, {"target": 6}),
    (NodeCooldown, {"target": 7}),
    (DelegationCapExceeded, {"target": 8}),
    (NodeUnbonding, {"source": 9}),
    (InsufficientBalance, {"source": 3}),
]


def test_each_refusal_comes_before_the_next(net: Network) -> None:
    """One network with a node for each code of R12; what fits a later refusal as well gets the earlier one."""
    for number in range(1, 10):
        net.node(number, own=1_000)
    net.delegate(node_address(1), 1, 400)
    net.delegate(node_address(9), 1, 400)
    net.work(node_address(4), 1, proof="forged")
    net.work(node_address(7), 1, proof="invalid")
    net.settle(2)
    net.work(node_address(6), 1, outcome="dropped")
    net.settle()
    net.change(node_address(5), status="retired")
    net.change(node_address(8), delegation_cap=0)
    net.unstake(node_address(9), 1)
    for refusal, case in REFUSALS:
        with pytest.raises(refusal):
            redelegations.redelegate(
                source=node_address(case.get("source", 1)),  # type: ignore[arg-type]
                target=node_address(case.get("target", 2)),  # type: ignore[arg-type]
                amount=case.get("amount", 500 * MICRO if "source" in case else 100 * MICRO),  # type: ignore[arg-type]
                wallet=case.get("by", wallet(1)),  # type: ignore[arg-type]
                now=net.now,
            )


def test_all_of_nothing_is_refused_after_everything_else(net: Network, pair: tuple[str, str]) -> None:
    with pytest.raises(InsufficientBalance):
        net.redelegate(*pair, 2)
    net.change(pair[1], status="retired")
    with pytest.raises(NodeRetired):
        net.redelegate(*pair, 2)
