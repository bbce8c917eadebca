"""Standing orders: one notification for each condition that begins to hold, and a prepared action; nothing moves."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from delegation.models import OrderMatch, Position, StandingOrder
from delegation.services.standing_orders import MAX_ORDERS, add_order, delete_order, evaluate_orders
from ledger.models import Transaction
from protocol.amounts import MICRO
from protocol.errors import Conflict, Invalid, NotFound, ParameterOutOfBounds, ProtocolError
from staking.models import Event, Node, NodeEpoch, RankingRow
from staking.services.rankings import rank
from tests.network import Network, node_address, wallet
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db

A, B = node_address(1), node_address(2)


@shared
def net() -> Network:
    """Wallet 1 and wallet 2 delegate 100 IFM each to node 1; node 2 is elsewhere."""
    net = Network(emission_per_epoch="1.000000")
    for number in (1, 2):
        net.node(number, own=1_000)
    net.delegate(A, 1, 100)
    net.delegate(A, 2, 100)
    net.settle()
    return net


def order(net: Network, condition: str, threshold: int | None = None, **more) -> StandingOrder:
    fields = {"wallet": wallet(1), "node": A, "action": "undelegate", "target": None} | more
    return add_order(condition=condition, threshold=threshold, now=net.now, **fields)


def notified() -> list[tuple[str, str]]:
    events = Event.objects.filter(kind="standing_order").order_by("id")
    return [(event.wallet, event.data["condition"]) for event in events]


def test_a_condition_is_notified_once_as_long_as_it_holds(net: Network) -> None:
    order(net, "share_below", 8_000)
    assert evaluate_orders(now=net.now) == 0
    net.change(A, delegator_share_bps=7_900)
    assert [evaluate_orders(now=net.now) for _ in range(3)] == [1, 0, 0]
    net.settle()
    assert evaluate_orders(now=net.now) == 0
    # It ends, and begins again.
    net.change(A, delegator_share_bps=8_000)
    net.settle()
    assert evaluate_orders(now=net.now) == 0
    assert not OrderMatch.objects.exists()
    net.change(A, delegator_share_bps=7_900)
    assert evaluate_orders(now=net.now) == 1
    assert notified() == [(wallet(1), "share_below")] * 2


def test_degraded_epochs_are_counted_in_a_row(net: Network) -> None:
    order(net, "degraded", 2)
    net.beat(A, range(1))
    net.beat(B, range(288))
    net.settle()
    assert NodeEpoch.objects.get(node__address=A, epoch=2).degraded
    assert evaluate_orders(now=net.now) == 0
    net.beat(A, range(1))
    net.beat(B, range(288))
    net.settle()
    assert evaluate_orders(now=net.now) == 1
    net.beat(A, range(288))
    net.settle()
    assert evaluate_orders(now=net.now) == 0
    assert not OrderMatch.objects.exists()


def test_an_operator_that_unbonds_and_a_full_cap_are_notified(net: Network) -> None:
    order(net, "operator_unbonds")
    order(net, "cap_reached")
    assert evaluate_orders(now=net.now) == 0
    net.unstake(A, 10)
    net.change(A, delegation_cap=200 * MICRO)
    assert evaluate_orders(now=net.now) == 2
    assert sorted(notified()) == [(wallet(1), "cap_reached"), (wallet(1), "operator_unbonds")]


def test_each_slash_is_notified_once(net: Network) -> None:
    order(net, "slashed")
    net.work(A, 12)
    net.fake(A)
    net.settle()
    assert [evaluate_orders(now=net.now) for _ in range(2)] == [1, 0]
    net.fake(A)
    net.work(A, 12)
    net.settle()
    assert evaluate_orders(now=net.now) == 1
    numbers = [event.data["slash"] for event in Event.objects.filter(kind="standing_order").order_by("id")]
    assert len(set(numbers)) == 2


def test_an_apr_below_the_limit_is_notified_with_the_ranking(net: Network) -> None:
    order(net, "apr_below", 1_000)
    net.work(A, 12)
    net.settle()
    rank(now=net.now)
    apr = RankingRow.objects.get(node__address=A).apr_bps
    assert apr is not None
    assert evaluate_orders(now=net.now) == int(apr < 1_000)
    delete_order(wallet=wallet(1), order=StandingOrder.objects.get().pk)
    order(net, "apr_below", apr)
    assert evaluate_orders(now=net.now) == 0
    delete_order(wallet=wallet(1), order=StandingOrder.objects.get().pk)
    order(net, "apr_below", apr + 1)
    assert evaluate_orders(now=net.now) == 1


def test_a_node_in_cooldown_earns_nothing_so_its_apr_is_below_every_limit(net: Network) -> None:
    net.work(A, 12)
    net.settle()
    rank(now=net.now)
    apr = RankingRow.objects.get(node__address=A).apr_bps
    assert apr is not None
    order(net, "apr_below", 1)
    assert apr >= 1
    assert evaluate_orders(now=net.now) == 0
    net.fake(A)
    net.work(A, 12)
    net.settle()
    assert Node.objects.get(address=A).cooldown_until == 7
    assert [evaluate_orders(now=net.now) for _ in range(2)] == [1, 0]
    # A ranking without the node ends nothing.
    ranking = rank(now=net.now)
    assert not RankingRow.objects.filter(node__address=A, ranking=ranking).exists()
    assert evaluate_orders(now=net.now) == 0
    assert notified() == [(wallet(1), "apr_below")]
    assert OrderMatch.objects.count() == 1


def test_a_rule_for_a_node_replaces_that_for_all_delegations_there(net: Network) -> None:
    net.delegate(B, 1, 50)
    both = order(net, "share_below", 8_000, node=None)
    for node in (A, B):
        net.change(node, delegator_share_bps=7_900)
    assert evaluate_orders(now=net.now) == 2
    own = order(net, "share_below", 7_000, action="redelegate", target=B)
    assert evaluate_orders(now=net.now) == 0
    assert [(m.order_id, m.node.address) for m in OrderMatch.objects.all()] == [(both.pk, B)]
    delete_order(wallet=wallet(1), order=own.pk)
    order(net, "share_below", 8_000, action="redelegate", target=B)
    assert evaluate_orders(now=net.now) == 1
    assert Event.objects.filter(kind="standing_order").latest("id").data["action"] == "redelegate"


def test_rules_that_move_stake_there_and_back_are_refused_naming_the_other(net: Network) -> None:
    order(net, "degraded", 2, action="redelegate", target=B)
    back = {"node": B, "action": "redelegate", "target": A}
    with pytest.raises(
        Conflict, match="Your rule for node 1 with this condition redelegates to node 2"
    ) as refusal:
        order(net, "degraded", 3, **back)
    assert refusal.value.field == "target"
    with pytest.raises(Conflict, match="Your rule for node 1"):
        order(net, "degraded", 3, node=None, action="redelegate", target=A)
    # Another condition, another wallet, another target and an undelegation contradict nothing.
    order(net, "share_below", 8_000, **back)
    order(net, "degraded", 3, wallet=wallet(2), **back)
    order(net, "degraded", 3, node=B, action="redelegate", target=net.node(3))
    order(net, "degraded", 2, wallet=wallet(3), node=None, action="redelegate", target=B)
    with pytest.raises(
        Conflict, match="Your rule for all delegations with this condition redelegates to node 2"
    ):
        order(net, "degraded", 3, wallet=wallet(3), **back)


def test_a_rule_for_all_delegations_applies_to_each_node_that_holds_stake(net: Network) -> None:
    net.delegate(B, 1, 50)
    order(net, "operator_unbonds", node=None)
    net.unstake(A, 10)
    net.unstake(B, 10)
    assert evaluate_orders(now=net.now) == 2
    net.undelegate(B, 1)
    net.settle()
    assert evaluate_orders(now=net.now) == 0
    assert OrderMatch.objects.count() == 1


def test_a_wallet_without_a_delegation_is_not_notified(net: Network) -> None:
    order(net, "operator_unbonds", wallet=wallet(3))
    net.unstake(A, 10)
    assert evaluate_orders(now=net.now) == 0


def test_a_standing_order_moves_no_money(net: Network) -> None:
    order(net, "cap_reached", action="redelegate", target=B)
    net.change(A, delegation_cap=200 * MICRO)
    before = (
        Transaction.objects.count(),
        list(Position.objects.order_by("id").values_list("shares", flat=True)),
    )
    assert evaluate_orders(now=net.now) == 1
    after = (
        Transaction.objects.count(),
        list(Position.objects.order_by("id").values_list("shares", flat=True)),
    )
    assert after == before
    event = Event.objects.get(kind="standing_order")
    assert (event.data["action"], event.data["target"], event.node_id) == (
        "redelegate",
        B,
        StandingOrder.objects.get().node_id,
    )


@pytest.mark.parametrize(
    ("fields", "error", "field"),
    [
        ({"condition": "sunny"}, Invalid, "condition"),
        ({"condition": "slashed", "action": "sell"}, Invalid, "action"),
        ({"condition": "slashed", "threshold": 5}, Invalid, "threshold"),
        ({"condition": "share_below"}, Invalid, "threshold"),
        ({"condition": "share_below", "threshold": 5_000}, ParameterOutOfBounds, "threshold"),
        ({"condition": "degraded", "threshold": 31}, ParameterOutOfBounds, "threshold"),
        ({"condition": "slashed", "action": "redelegate"}, Invalid, "target"),
        ({"condition": "slashed", "action": "redelegate", "target": A}, Invalid, "target"),
        ({"condition": "slashed", "target": B}, Invalid, "target"),
        ({"condition": "operator_unbonds", "action": "redelegate", "target": B}, Invalid, "action"),
        ({"condition": "slashed", "node": wallet(9)}, NotFound, "node"),
        ({"condition": "slashed", "action": "redelegate", "target": wallet(9)}, NotFound, "target"),
    ],
)
def test_contradictions_and_unknown_values_are_refused_at_their_field(
    net: Network, fields: dict, error: type[ProtocolError], field: str
) -> None:
    with pytest.raises(error) as refusal:
        order(net, **fields)
    assert refusal.value.field == field
    assert not StandingOrder.objects.exists()


def test_a_second_rule_for_the_same_condition_and_node_is_refused(net: Network) -> None:
    order(net, "share_below", 8_000)
    with pytest.raises(Conflict):
        order(net, "share_below", 9_000)
    order(net, "share_below", 9_000, node=None)
    with pytest.raises(Conflict):
        order(net, "share_below", 8_500, node=None)
    order(net, "share_below", 8_000, wallet=wallet(2))
    assert StandingOrder.objects.count() == 3


def test_the_number_of_rules_of_a_wallet_is_limited(net: Network) -> None:
    StandingOrder.objects.bulk_create(
        StandingOrder(
            wallet=wallet(1),
            node_id=None,
            condition="degraded",
            threshold=n,
            action="undelegate",
            created_at=net.now,
        )
        for n in range(1, 2)
    )
    node_ids = [net.node(number) for number in range(10, 10 + MAX_ORDERS - 1)]
    for address in node_ids:
        order(net, "slashed", node=address)
    with pytest.raises(Invalid, match="at most 50"):
        order(net, "slashed")


def test_only_the_own_rules_can_be_deleted(net: Network) -> None:
    row = order(net, "slashed")
    delete_order(wallet=wallet(2), order=row.pk)
    assert StandingOrder.objects.exists()
    for _ in range(2):
        delete_order(wallet=wallet(1), order=row.pk)
    assert not StandingOrder.objects.exists()


def test_the_number_of_queries_does_not_depend_on_the_number_of_rules(net: Network) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            evaluate_orders(now=net.now)
        return len(queries)

    order(net, "operator_unbonds")
    net.unstake(A, 10)
    first = count()
    for condition, threshold in (("share_below", 9_000), ("cap_reached", None), ("slashed", None)):
        for number in (1, 2):
            order(net, condition, threshold, wallet=wallet(number))
    assert count() == first
    assert len(notified()) == 3
