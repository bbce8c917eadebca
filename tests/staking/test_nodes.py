"""Registration, what an operator may change, retirement (section 2, R48)."""

from __future__ import annotations

import pytest

from protocol.errors import (
    Conflict,
    Invalid,
    NodeRetired,
    NotFound,
    NotOperator,
    ParameterOutOfBounds,
    ShareCutTooLarge,
)
from staking.models import Event, Node, ShareChange
from staking.selectors.nodes import node_figures
from staking.services import nodes
from tests.network import Network, node_address, operator, wallet

pytestmark = pytest.mark.django_db


def test_a_node_is_registered_once_and_signs_with_its_address_by_default(net: Network) -> None:
    node = net.node(1, hardware={"gpus": 4})
    row = Node.objects.get(address=node)
    assert (row.operator, row.signing_key, row.share_bps, row.custodial) == (
        operator(1),
        node,
        8_000,
        False,
    )
    assert (row.delegation_cap, row.registered_epoch, row.hardware) == (None, 1, {"gpus": 4})
    with pytest.raises(Conflict):
        net.node(1, run_by=2)
    assert Node.objects.get(address=net.node(2, signing_key=wallet(3))).signing_key == wallet(3)


@pytest.mark.parametrize("share", [4_999, 10_001])
def test_a_share_has_bounds(net: Network, share: int) -> None:
    with pytest.raises(ParameterOutOfBounds):
        net.node(1, share_bps=share)
    node = net.node(1)
    with pytest.raises(ParameterOutOfBounds):
        net.change(node, delegator_share_bps=share)


def test_a_cut_is_measured_against_the_share_in_force(net: Network) -> None:
    node = net.node(1)
    net.change(node, delegator_share_bps=7_500)
    with pytest.raises(ShareCutTooLarge):
        net.change(node, delegator_share_bps=7_499)
    # The last change of the epoch counts, and a rise is free.
    net.change(node, delegator_share_bps=10_000)
    with pytest.raises(ShareCutTooLarge):
        net.change(node, delegator_share_bps=7_499)
    net.change(node, delegator_share_bps=7_600)
    assert Node.objects.get().share_in(1) == 8_000
    net.settle()
    assert Node.objects.get().share_in(2) == 7_600
    net.change(node, delegator_share_bps=7_100)
    net.settle(2)
    assert [net.row(node, epoch).share_bps for epoch in (1, 2, 3)] == [8_000, 7_600, 7_100]
    assert list(
        ShareChange.objects.order_by("from_epoch").values_list("from_epoch", "old_bps", "new_bps")
    ) == [
        (2, 8_000, 7_600),
        (3, 7_600, 7_100),
    ]


def test_delegators_hear_of_a_cut_and_not_of_a_rise(net: Network) -> None:
    node = net.node(1)
    net.change(node, delegator_share_bps=9_000)
    assert not Event.objects.filter(kind="share_cut").exists()
    net.change(node, delegator_share_bps=7_900)
    assert Event.objects.get(kind="share_cut").data == {"old_bps": 8_000, "new_bps": 7_900}


def test_a_retired_node_is_final(net: Network) -> None:
    node = net.node(1, own=10)
    with pytest.raises(Invalid):
        net.change(node, status="active")
    net.change(node, status="retired")
    for change in ({"status": "retired"}, {"name": "x"}, {"delegator_share_bps": 8_000}):
        with pytest.raises(NodeRetired):
            net.change(node, **change)
    assert node_figures(node, now=net.now).status == "retired"
    assert net.unstake(node).unbonding is not None


def test_only_the_operator_changes_a_node_and_only_what_may_change(net: Network) -> None:
    node = net.node(1)
    with pytest.raises(NotOperator):
        nodes.change(node=node, actor=operator(2), changes={"name": "x"}, now=net.now)
    with pytest.raises(NotFound):
        nodes.change(node=node_address(2), actor=operator(1), changes={"name": "x"}, now=net.now)
    for name in ("operator", "custodial", "self_stake"):
        with pytest.raises(Invalid):
            net.change(node, **{name: 1})


def test_a_refused_change_leaves_the_others_undone(net: Network) -> None:
    node = net.node(1)
    with pytest.raises(ShareCutTooLarge):
        net.change(node, name="new", delegator_share_bps=5_000)
    assert Node.objects.get().name == "node 1"
