"""While settlement is late, stake counts as made in the newest epoch that has begun by the clock (R13)."""

from __future__ import annotations

import pytest

from delegation.models import Position
from delegation.selectors.earnings import earned_by_epoch
from governance.services.proposals import propose
from governance.services.representatives import name_representatives
from governance.services.votes import vote_proposal
from protocol.amounts import MICRO
from staking.models import Node, Pool
from staking.selectors.voting_power import quorum_base, voting_power
from tests.network import Network, operator, wallet
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db

DAY = 86_400


@shared
def late() -> tuple[Network, str]:
    """Epoch 2 is open, epoch 4 has begun by the clock; an operator with 1,000 IFM and a delegator with 600."""
    net = Network(emission_per_epoch="100", q_stake_bps=0, q_latency_bps=0)
    node = net.node(own=1_000)
    net.delegate(node, 1, 600)
    net.settle()
    net.wait(2 * DAY)
    assert (net.epoch.number, net.epoch.newest(net.now)) == (2, 4)
    return net, node


def test_what_is_delegated_late_earns_in_no_epoch_that_is_caught_up(late: tuple[Network, str]) -> None:
    net, node = late
    net.delegate(node, 1, 200)
    net.delegate(node, 2, 200)
    for epoch in (2, 3, 4, 5):
        net.work(node)
        net.settle()
        active = 600 if epoch < 5 else 1_000
        assert net.row(node, epoch).active_pool == active * MICRO
    earned = {
        (row.epoch, by): row.amount for by in (1, 2) for row in earned_by_epoch(wallet(by), first=1, last=5)
    }
    # Epoch 1 had no work: its 100 IFM are paid in epoch 2. Then 100 × 600 / 1,600 and 100 × 800 / 2,000, 80 % of it.
    assert earned == {
        (2, 1): 60 * MICRO,
        (3, 1): 30 * MICRO,
        (4, 1): 30 * MICRO,
        (5, 1): 32 * MICRO,
        (5, 2): 8 * MICRO,
    }


def test_own_stake_that_is_added_late_is_active_after_the_epoch_that_has_begun(
    late: tuple[Network, str],
) -> None:
    net, node = late
    net.fund(operator(1), 300)
    net.stake(node, 300)
    assert Node.objects.get().pending == {4: 300 * MICRO}
    net.settle(4)
    assert [net.row(node, epoch).active_stake // MICRO for epoch in (2, 3, 4, 5)] == [
        1_000,
        1_000,
        1_000,
        1_300,
    ]


def test_parts_of_several_epochs_are_pending_side_by_side(late: tuple[Network, str]) -> None:
    net, node = late
    net.delegate(node, 1, 10)
    net.wait(DAY)
    net.delegate(node, 1, 20)
    position = Position.objects.get()
    assert position.pending == Pool.objects.get().pending == {4: 10 * MICRO, 5: 20 * MICRO}
    # The newest part is burned first.
    net.undelegate(node, 1, 25)
    assert Position.objects.get().pending == {4: 5 * MICRO}
    net.settle(5)
    active = [net.row(node, epoch).active_shares // MICRO for epoch in (2, 3, 4, 5, 6)]
    assert active == [600, 600, 600, 605, 605]


def test_a_late_delegation_counts_for_the_live_tier_and_for_no_vote_before(late: tuple[Network, str]) -> None:
    net, node = late
    net.delegate(node, 2, 200)
    net.fund(operator(1), 100)
    net.stake(node, 100)
    assert Pool.objects.get().tokens == 800 * MICRO
    powers, bases = [], []
    for _ in range(4):
        net.settle()
        epoch = net.epoch.number
        powers.append(
            [voting_power(who, epoch=epoch) // MICRO for who in (wallet(1), wallet(2), operator(1))]
        )
        bases.append(quorum_base(epoch=epoch) // MICRO)
    assert powers == [[600, 0, 1_000], [600, 0, 1_000], [600, 200, 1_100], [600, 200, 1_100]]
    assert bases == [1_600, 1_600, 1_900, 1_900]


@pytest.mark.parametrize("represented", [False, True])
def test_a_vote_without_the_stake_that_was_added_late_passes_the_audit(
    late: tuple[Network, str], represented: bool
) -> None:
    net, node = late
    if represented:
        name_representatives(wallet=operator(1), named={"proposals": wallet(1)}, now=net.now)
    net.fund(operator(1), 100)
    net.stake(node, 100)
    net.settle()
    proposal = propose(
        title="Fewer slots", body="", changes={"q_uptime_bps": 100}, wallet=operator(1), now=net.now
    )
    voter = wallet(1) if represented else operator(1)
    vote = vote_proposal(proposal=proposal.pk, choice="for", reason="", wallet=voter, now=net.now)
    assert vote.power == (600 if represented else 1_000) * MICRO
    net.settle(5)
    vote.refresh_from_db()
    assert (vote.represented, vote.proposal.status) == (1_000 * MICRO if represented else 0, "executed")


def test_everything_pending_is_refunded_when_an_epoch_with_an_offence_is_settled(
    late: tuple[Network, str],
) -> None:
    net, node = late
    net.delegate(node, 1, 200)
    net.delegate(node, 2, 300)
    net.work(node, 1, outcome="dropped")
    net.settle()
    assert [net.available(wallet(number)) // MICRO for number in (1, 2)] == [200, 300]
    assert net.slash(node).base_delegated == 600 * MICRO
    assert Pool.objects.get().pending == {}
    net.settle(2)
    assert voting_power(wallet(2), epoch=5) == 0


def test_an_entry_that_left_in_the_open_epoch_returns_as_it_was_however_late(
    late: tuple[Network, str],
) -> None:
    net, node = late
    entry = net.undelegate(node, 1, 600).unbonding
    net.work(node, 1, outcome="dropped")
    net.cancel(entry.pk, wallet(1))
    assert Position.objects.get().pending == {}
    net.settle()
    assert net.slash(node).base_delegated == 600 * MICRO


def test_a_redelegation_takes_along_the_epoch_in_which_stake_was_made(late: tuple[Network, str]) -> None:
    net, node = late
    other = net.node(2, own=1_000)
    net.delegate(node, 1, 150)
    net.redelegate(node, other, 1, 250)
    net.settle()
    # 150 of the 250 count as made in epoch 4; the other 100 are active on B at once.
    assert Position.objects.get(node__address=other).pending == {2: 100 * MICRO, 4: 150 * MICRO}
    net.settle(3)
    assert [net.row(other, epoch).active_shares // MICRO for epoch in (3, 4, 5)] == [100, 100, 250]


def test_an_epoch_that_ended_a_moment_ago_is_over_for_new_stake(late: tuple[Network, str]) -> None:
    net, node = late
    net.settle(2)
    net.now = net.epoch.end
    net.delegate(node, 2, 100)
    assert Position.objects.get(wallet=wallet(2)).pending == {5: 100 * MICRO}
