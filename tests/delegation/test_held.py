"""The result of an action equals the stored rows, although it is built without reading them again."""

from __future__ import annotations

import pytest
from django.db.models import Model

from delegation.models import Position
from delegation.services import earnings, positions, unbondings
from protocol.amounts import MICRO
from staking.models import Node, Pool, Unbonding
from tests.network import Network
from tests.shared_rows import shared
from tests.wallets import ANNA, BELA, NORTH, OLGA

pytestmark = pytest.mark.django_db


@shared
def earned(net: Network) -> Network:
    """ANNA backs NORTH and has earned on it; one delegation is pending."""
    net.node(NORTH, OLGA, 1_000, delegation_cap=10_000 * MICRO, hardware={"gpus": 4})
    for wallet in (ANNA, BELA):
        net.fund(wallet, 1_000)
    positions.delegate(node=NORTH, amount=100 * MICRO, wallet=ANNA, now=net.now)
    net.settle(worked=[NORTH])
    net.settle(worked=[NORTH])
    positions.delegate(node=NORTH, amount=7 * MICRO + 1, wallet=ANNA, now=net.now)
    return net


def assert_stored(*rows: Model) -> None:
    """Each field that an object holds is as it would be read, type and all."""
    for row in rows:
        stored = type(row)._default_manager.get(pk=row.pk)
        assert (row, hash(row), row._state.db) == (stored, hash(stored), "default")
        deferred = row.get_deferred_fields()
        for name in (f.attname for f in row._meta.concrete_fields if f.attname not in deferred):
            mine, theirs = row.__dict__[name], stored.__dict__[name]
            assert mine == theirs, name
            assert isinstance(mine, type(theirs)), name


def test_what_a_delegation_hands_back(earned: Network) -> None:
    for wallet in (ANNA, BELA):
        held = positions.delegate(node=NORTH, amount=5 * MICRO, wallet=wallet, now=earned.now)
        assert_stored(held.node, held.node.pool, held.position)
        assert held.position.node is held.node
        assert held.node.pool.node is held.node


def test_what_an_undelegation_hands_back(earned: Network) -> None:
    for amount in (3 * MICRO, None):
        held = positions.undelegate(node=NORTH, amount=amount, wallet=ANNA, now=earned.now)
        assert held.unbonding is not None
        assert_stored(held.node, held.node.pool, held.position, held.unbonding)
        assert held.unbonding.bucket.tokens >= 3 * MICRO


def test_what_the_other_acts_hand_back(earned: Network) -> None:
    claimed = earnings.compound(node=NORTH, wallet=ANNA, now=earned.now)
    assert_stored(claimed.node, claimed.node.pool)
    held = positions.undelegate(node=NORTH, amount=3 * MICRO, wallet=ANNA, now=earned.now)
    assert held.unbonding is not None
    moved = unbondings.cancel(unbonding=held.unbonding.pk, wallet=ANNA, now=earned.now)
    assert moved.unbonding is not None
    assert_stored(moved.node, moved.node.pool, moved.unbonding)


def test_what_was_left_out_is_loaded_when_it_is_read(earned: Network) -> None:
    node = positions.delegate(node=NORTH, amount=5 * MICRO, wallet=ANNA, now=earned.now).node
    assert {"name", "hardware", "share_bps"} <= node.get_deferred_fields()
    assert (node.name, node.hardware) == (f"Node {NORTH[-2:]}", {"gpus": 4})
    assert_stored(node)


def test_what_is_handed_back_can_be_saved(earned: Network) -> None:
    held = positions.undelegate(node=NORTH, amount=3 * MICRO, wallet=ANNA, now=earned.now)
    assert held.unbonding is not None
    held.node.cooldown_until, held.position.claimed = 9, 1
    for row in (rows := (held.node, held.node.pool, held.position, held.unbonding)):
        row.save()
    assert_stored(*rows)
    assert Node.objects.get().hardware == {"gpus": 4}
    assert [model.objects.count() for model in (Node, Pool, Position, Unbonding)] == [1, 1, 1, 1]
