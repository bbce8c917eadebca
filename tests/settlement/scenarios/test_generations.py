"""Pools and buckets that a slash empties, entries that it holds (R14, R17, R18, R37)."""

from __future__ import annotations

import pytest

from delegation.models import Position
from governance.services.disputes import open_dispute
from governance.services.votes import vote_dispute
from protocol.amounts import MICRO
from protocol.errors import (
    HeldBySlash,
    InsufficientBalance,
    PendingSlash,
    UnbondingClosed,
    UnbondingNotMature,
)
from staking.models import Node, Pool, VoidGeneration
from staking.selectors.voting_power import voting_power
from staking.services.unbondings import release_due
from tests.network import Network, operator, wallet
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db

EVERYTHING = [{"name": "dropout", "self_bps": 10_000, "delegated_bps": 10_000}]


def test_a_pool_slashed_to_nothing_begins_a_new_generation() -> None:
    net = Network(emission_per_epoch="40", offences=EVERYTHING, q_stake_bps=0)
    node = net.node(own=1_000, custodial=True)
    net.delegate(node, 1, 1_000)
    net.settle()
    net.work(node, 1)
    net.work(node, 1, outcome="dropped")
    leaving = net.undelegate(node, 1, 250).unbonding
    net.settle(2)
    pool = Pool.objects.get(node__address=node)
    void = VoidGeneration.objects.get()
    assert (pool.tokens, pool.shares, pool.generation) == (0, 0, 2)
    assert (void.generation, void.epoch, void.slash) == (1, 3, net.slash(node))
    # Old delegations show 0 and keep what they had earned: 80 IFM × 750 / 1,750 × 80 %.
    assert (net.value(node, 1), net.entry(leaving), net.owed(node, 1)) == (0, 0, 27_428_571)
    with pytest.raises(InsufficientBalance):
        net.undelegate(node, 1)
    # A new delegation begins at one share for a µIFM; the earnings of both generations are one sum.
    net.delegate(node, 1, 500)
    net.delegate(node, 2, 500)
    net.settle()
    net.work(node)
    net.settle()
    # 40 of epoch 3, of 4 and of 5: all of the stake is delegated, 80 % of 120, a half each.
    assert (net.value(node, 1), net.owed(node, 1), net.owed(node, 2)) == (500 * MICRO, 75_428_571, 48 * MICRO)
    assert Position.objects.get(wallet=wallet(1)).generation == 2
    assert net.claim(node, 1) == 75_428_571


def test_a_pool_that_nobody_touched_since_it_was_filled_begins_a_new_generation() -> None:
    """The row still names epoch 1 as pending, although that stake has long been active."""
    net = Network(emission_per_epoch="0", offences=EVERYTHING)
    node = net.node(own=1_000, custodial=True)
    net.delegate(node, 1, 1_000)
    net.settle()
    net.work(node, 1, outcome="dropped")
    net.settle(2)
    pool = Pool.objects.get(node__address=node)
    assert (pool.tokens, pool.shares, pool.generation, net.value(node, 1)) == (0, 0, 2, 0)
    # Shares of the old generation have no part in the new one's votes either (R44).
    net.delegate(node, 2, 300)
    net.settle()
    powers = [voting_power(wallet(number), epoch=net.epoch.number) for number in (1, 2)]
    assert powers == [0, 300 * MICRO]


def test_an_entry_of_nothing_is_closed_without_a_payment() -> None:
    net = Network(emission_per_epoch="0", offences=EVERYTHING)
    node = net.node(own=1_000, custodial=True)
    net.settle()
    net.work(node, 1, outcome="dropped")
    leaving = net.unstake(node).unbonding
    net.settle(9)
    moved = net.withdraw(leaving.pk, operator(1))
    assert (moved.transaction, moved.unbonding.status, moved.unbonding.paid) == (None, "paid", 0)
    net.check()


@shared
def held() -> tuple[Network, str, int]:
    """An entry of 100 IFM, mature while a disputed slash of its epoch is before the DAO."""
    day = 86_400
    net = Network(
        emission_per_epoch="0", dispute_filing_epochs=2, dispute_voting_epochs=2, unbonding_seconds=5 * day
    )
    node, quiet = net.node(1, own=1_000), net.node(2, own=5_000)
    net.fund(operator(1), 50)
    net.delegate(node, 1, 400)
    net.delegate(quiet, 2, 4_000)
    net.settle()
    leaving = net.undelegate(node, 1, 100).unbonding
    net.work(node, 1, outcome="dropped")
    net.settle()
    open_dispute(slash=net.slash(node).pk, reason="No.", actor=operator(1), now=net.now)
    net.settle(3)
    return net, node, leaving.pk


def test_a_mature_entry_waits_for_the_outcome(held: tuple[Network, str, int]) -> None:
    net, node, entry = held
    assert net.slash(node).status == "disputed"
    with pytest.raises(UnbondingNotMature):
        net.withdraw(entry, wallet(1))
    net.now = net.epoch.end
    assert release_due(now=net.now) == 0
    with pytest.raises(HeldBySlash):
        net.withdraw(entry, wallet(1))
    with pytest.raises(HeldBySlash):
        net.cancel(entry, wallet(1))


def test_overturned_it_is_paid_whole(held: tuple[Network, str, int]) -> None:
    net, node, entry = held
    case = net.slash(node).dispute
    vote_dispute(dispute=case.pk, choice="overturn", reason="", wallet=wallet(2), now=net.now)
    net.settle()
    net.wait(86_400)
    assert release_due(now=net.now) == 1
    assert net.available(wallet(1)) == 100 * MICRO
    with pytest.raises(UnbondingClosed):
        net.withdraw(entry, wallet(1))


def test_upheld_it_is_paid_what_is_left(held: tuple[Network, str, int]) -> None:
    """15 % of 400 and of 1,000: 210, a quarter of it comes back: 60 − 52.5 are lost of 400."""
    net, node, _ = held
    net.settle()
    net.wait(86_400)
    assert release_due(now=net.now) == 1
    assert net.available(wallet(1)) == 98_125_000
    assert net.value(node, 1) == 294_375_000


def test_what_left_before_the_offence_is_free_while_the_slash_is_pending(net: Network) -> None:
    node = net.node(own=1_000)
    net.delegate(node, 1, 400)
    net.settle()
    early = net.undelegate(node, 1, 100).unbonding
    net.settle()
    net.work(node, 1, outcome="dropped")
    net.settle()
    # It is not held, but the node takes no delegation back while the slash is pending.
    with pytest.raises(PendingSlash):
        net.cancel(early.pk, wallet(1))
    net.now = early.matures_at
    assert net.withdraw(early.pk, wallet(1)).unbonding.paid == 100 * MICRO
    assert Node.objects.get(address=node).slashes.get().status == "pending"
