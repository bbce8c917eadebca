"""Unbonding: buckets, maturity, payment, holds, cancellation (R16–R18)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from delegation.models import Position
from delegation.selectors.unbondings import unbonding_of
from delegation.services import positions
from ledger.models import Transaction
from protocol.amounts import MICRO
from protocol.errors import (
    AmountTooSmall,
    DelegationCapExceeded,
    HeldBySlash,
    NodeRetired,
    NotFound,
    PendingSlash,
    UnbondingClosed,
    UnbondingNotMature,
)
from settlement.epoch import settle_due
from staking.models import Bucket, Node, Unbonding
from staking.services import faucet
from staking.services.admission import has_open_unbonding
from staking.services.parameters import schedule
from staking.services.unbondings import release_due
from tests.network import Network, operator, wallet

pytestmark = pytest.mark.django_db

WEEK = 604_800


def catch_up(net: Network) -> None:
    """Settle all due epochs, as the worker does."""
    for _ in settle_due(now=net.now):
        pass


def test_entries_of_a_node_kind_and_epoch_share_a_bucket(net: Network) -> None:
    node = net.node(own=1_000)
    net.delegate(node, 1, 50)
    net.delegate(node, 2, 50)
    net.settle()
    for act in (lambda: net.unstake(node, 10), lambda: net.unstake(node, 20), lambda: net.undelegate(node, 1, 5),
                lambda: net.undelegate(node, 2, 7)):  # fmt: skip
        act()
    net.settle()
    net.unstake(node, 1)
    rows = Bucket.objects.order_by("epoch", "kind").values_list("epoch", "kind", "tokens", "shares")
    assert [(e, k, t // MICRO, s // MICRO) for e, k, t, s in rows] == [
        (2, "delegated", 12, 12), (2, "self", 30, 30), (3, "self", 1, 1),
    ]  # fmt: skip


def test_an_entry_is_paid_when_its_time_has_come(net: Network) -> None:
    node = net.node(own=1_000)
    net.wait(100)
    entry = net.unstake(node, 400).unbonding
    assert entry.matures_at == net.now + timedelta(seconds=WEEK)
    net.now += timedelta(seconds=WEEK - 1)
    catch_up(net)
    with pytest.raises(UnbondingNotMature):
        net.withdraw(entry.pk, operator(1))
    assert release_due(now=net.now) == 0
    net.wait(1)
    net.withdraw(entry.pk, operator(1))
    assert net.available(operator(1)) == 400 * MICRO
    assert release_due(now=net.now) == 0


def test_the_worker_pays_in_the_order_of_maturity(net: Network) -> None:
    node = net.node(own=1_000)
    entries = [net.unstake(node, 10).unbonding for _ in range(3)]
    net.wait(60)
    late = net.unstake(node, 10).unbonding
    Unbonding.objects.filter(pk=entries[0].pk).update(matures_at=late.matures_at - timedelta(seconds=1))
    net.wait(WEEK)
    catch_up(net)
    assert release_due(now=net.now) == 4
    paid = Transaction.objects.filter(kind="withdraw").order_by("id").values_list("reference", flat=True)
    assert list(paid) == [str(entry.pk) for entry in (entries[1], entries[2], entries[0], late)]


def test_a_backlog_is_paid_in_portions(net: Network) -> None:
    node = net.node(own=1_000)
    for _ in range(5):
        net.unstake(node, 1)
    net.wait(WEEK)
    catch_up(net)
    assert [release_due(now=net.now, limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_late_settlement_lets_nothing_slip_away(net: Network) -> None:
    """The worker was away for longer than the period: what left in the epoch of an offence waits for its slash."""
    node = net.node(own=1_000)
    net.settle()
    net.work(node, 1, outcome="dropped")
    entry = net.unstake(node, 400).unbonding
    assert not unbonding_of(operator(1), entry.pk, now=net.now).held
    net.now = entry.matures_at + timedelta(days=1)
    assert release_due(now=net.now) == 0
    waiting = unbonding_of(operator(1), entry.pk, now=net.now)
    assert (waiting.held, waiting.reached) == (True, False)
    with pytest.raises(HeldBySlash):
        net.withdraw(entry.pk, operator(1))
    catch_up(net)
    assert release_due(now=net.now) == 1
    assert net.available(operator(1)) == 340 * MICRO
    net.check()


def test_entries_belong_to_their_wallet(net: Network) -> None:
    node = net.node(own=10)
    entry = net.unstake(node, 5).unbonding
    for act in (net.withdraw, net.cancel):
        with pytest.raises(NotFound):
            act(entry.pk, wallet(1))
        with pytest.raises(NotFound):
            act(entry.pk + 99, operator(1))


def test_a_closed_entry_stays_closed(net: Network) -> None:
    node = net.node(own=10)
    back, out = net.unstake(node, 5).unbonding, net.unstake(node, 5).unbonding
    net.cancel(back.pk, operator(1))
    net.wait(WEEK)
    catch_up(net)
    net.withdraw(out.pk, operator(1))
    for entry in (back, out):
        for act in (net.withdraw, net.cancel):
            with pytest.raises(UnbondingClosed):
                act(entry.pk, operator(1))


def test_a_cancelled_entry_returns_as_pending_stake(net: Network) -> None:
    node = net.node(own=1_000)
    net.delegate(node, 1, 100)
    net.settle()
    own, delegated = net.unstake(node, 300).unbonding, net.undelegate(node, 1, 40).unbonding
    net.settle()
    net.cancel(own.pk, operator(1))
    net.cancel(delegated.pk, wallet(1))
    row = Node.objects.select_related("pool").get(address=node)
    assert (row.self_stake, row.pending_in(3)) == (1_000 * MICRO, 300 * MICRO)
    assert (row.pool.tokens, row.pool.pending_in(3)) == (100 * MICRO, 40 * MICRO)
    net.settle()
    assert (net.row(node).active_stake, net.row(node).active_pool) == (700 * MICRO, 60 * MICRO)


def test_an_entry_that_is_cancelled_in_its_epoch_returns_as_it_was(net: Network) -> None:
    node = net.node(own=1_000)
    net.delegate(node, 1, 100)
    net.settle()
    net.fund(operator(1), 50)
    net.stake(node, 50)
    net.delegate(node, 1, 20)
    # 50 pending and 250 active; 20 pending and 40 active.
    own, delegated = net.unstake(node, 300).unbonding, net.undelegate(node, 1, 60).unbonding
    assert (own.burned, own.burned_active) == (300 * MICRO, 250 * MICRO)
    assert (delegated.burned, delegated.burned_active) == (60 * MICRO, 40 * MICRO)
    net.cancel(own.pk, operator(1))
    net.cancel(delegated.pk, wallet(1))
    row = Node.objects.select_related("pool").get(address=node)
    assert (row.self_stake, row.pending_in(2)) == (1_050 * MICRO, 50 * MICRO)
    assert (row.pool.tokens, row.pool.pending_in(2)) == (120 * MICRO, 20 * MICRO)
    net.settle()
    assert (net.row(node).active_stake, net.row(node).active_pool) == (1_000 * MICRO, 100 * MICRO)


def test_the_active_part_of_a_returning_entry_is_rounded_down() -> None:
    """7 active and 5 pending µIFM; 8 of them leave, 3 active and 5 pending, and come back at another rate."""
    net = Network(min_amount="0.000001", emission_per_epoch="0")
    node = net.node(own=1_000, custodial=True)
    _bring(net, node, 1, 7)
    net.settle()
    net.work(node, 1, outcome="dropped")
    net.settle(2)
    # 6 tokens over 7 shares: 5 µIFM are floor(35 / 6) = 5 shares, and 8 µIFM are ceil(96 / 11) = 9 shares.
    _bring(net, node, 1, 5)
    entry = positions.undelegate(node=node, amount=8, wallet=wallet(1), now=net.now).unbonding
    assert entry is not None
    assert (entry.entered, entry.burned, entry.burned_active) == (8, 9, 4)
    # 3 tokens over 3 shares are left, so that 8 µIFM are 8 shares: floor(8 × 4 / 9) = 3 of them are active.
    net.cancel(entry.pk, wallet(1))
    position = Position.objects.get()
    assert (position.shares, position.pending_shares) == (11, 5)


def test_min_amount_does_not_bind_a_cancelled_unbonding(net: Network) -> None:
    node = net.node(own=1_000)
    net.delegate(node, 1, 100)
    net.settle()
    entries = [net.undelegate(node, 1, 0.5).unbonding, net.unstake(node, 0.5).unbonding]
    net.settle()
    for entry, by in zip(entries, (wallet(1), operator(1)), strict=True):
        net.cancel(entry.pk, by)
    assert net.value(node, 1) == 100 * MICRO
    assert Node.objects.get().self_stake == 1_000 * MICRO


def test_an_entry_that_is_worth_nothing_cannot_be_cancelled() -> None:
    everything = [{"name": "dropout", "self_bps": 10_000, "delegated_bps": 10_000}]
    net = Network(emission_per_epoch="0", offences=everything)
    node = net.node(own=1_000, custodial=True)
    net.delegate(node, 1, 100)
    net.settle()
    net.work(node, 1, outcome="dropped")
    entries = [net.undelegate(node, 1, 10).unbonding, net.unstake(node, 10).unbonding]
    net.settle(2)
    for entry, by in zip(entries, (wallet(1), operator(1)), strict=True):
        with pytest.raises(AmountTooSmall):
            net.cancel(entry.pk, by)


def _bring(net: Network, node: str, number: int, micro: int) -> None:
    faucet.fund(wallet=wallet(number), amount=micro, now=net.now)
    positions.delegate(node=node, amount=micro, wallet=wallet(number), now=net.now)


def test_the_refusals_of_a_cancellation_in_their_order(net: Network) -> None:
    node = net.node(own=1_000)
    net.delegate(node, 1, 100)
    net.settle()
    delegated, own = net.undelegate(node, 1, 30).unbonding, net.unstake(node, 5).unbonding
    net.change(node, delegation_cap=99 * MICRO)
    with pytest.raises(DelegationCapExceeded) as refused:
        net.cancel(delegated.pk, wallet(1))
    assert refused.value.extra["room"] == "29.000000"
    net.settle()
    net.work(node, 1, outcome="dropped")
    during = net.undelegate(node, 1, 10).unbonding
    net.settle()
    with pytest.raises(PendingSlash):
        net.cancel(delegated.pk, wallet(1))
    with pytest.raises(HeldBySlash):
        net.cancel(during.pk, wallet(1))
    # The operator's own stake may come back while a slash is pending, if the slash does not reach it.
    net.cancel(own.pk, operator(1))
    net.settle()
    net.change(node, status="retired")
    with pytest.raises(NodeRetired):
        net.cancel(during.pk, wallet(1))


def test_the_period_is_the_one_it_started_with(net: Network) -> None:
    node = net.node(own=1_000)
    entry = net.unstake(node, 10).unbonding
    schedule(changes={"unbonding_seconds": 3 * 86_400}, from_epoch=2, proposal=1, now=net.now)
    net.settle()
    later = net.unstake(node, 10).unbonding
    assert later.matures_at < entry.matures_at
    net.now = later.matures_at
    catch_up(net)
    assert release_due(now=net.now) == 1
    with pytest.raises(UnbondingNotMature):
        net.withdraw(entry.pk, operator(1))


def test_an_open_unbonding_of_the_operator_shows(net: Network) -> None:
    node = net.node(own=1_000)
    net.delegate(node, 1, 10)
    net.undelegate(node, 1)
    row = Node.objects.get(address=node)
    assert not has_open_unbonding(row)
    entry = net.unstake(node, 1).unbonding
    assert has_open_unbonding(row)
    net.cancel(entry.pk, operator(1))
    assert not has_open_unbonding(row)
