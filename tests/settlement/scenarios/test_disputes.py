"""A slash before the DAO: windows, outcomes, deposits, and effects lifted by overturning (R32, R33, R46)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance.models import Dispute
from governance.services.disputes import open_dispute
from governance.services.votes import vote_dispute
from ledger import accounts
from ledger.selectors import balance
from protocol.amounts import MICRO
from protocol.errors import (
    AlreadyDisputed,
    ConflictOfInterest,
    DisputeWindowClosed,
    InsufficientBalance,
    Invalid,
    NotFound,
    NotOperator,
    NoVotingPower,
    VoteClosed,
)
from staking.models import Node, Slash
from tests.network import Network, operator, wallet
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db


@shared
def node(net: Network) -> str:
    """A node of 1,000 IFM with wallets 1, 2 and 3 on it and on a quiet one: 3,000, 3,000 and 1,000 IFM of power."""
    accused, quiet = net.node(1, own=1_000), net.node(2, own=2_000)
    net.fund(operator(1), 50)
    net.delegate(accused, 1, 3_000)
    net.delegate(quiet, 2, 3_000)
    net.delegate(quiet, 3, 1_000)
    net.settle()
    return accused


def accuse(net: Network, node: str, **fault: str) -> Slash:
    net.work(node, 1, **(fault or {"proof": "invalid"}))
    net.settle()
    return net.slash(node)


def dispute(net: Network, slash: Slash) -> Dispute:
    return open_dispute(slash=slash.pk, reason="The link was down.", actor=slash.node.operator, now=net.now)


def vote(net: Network, case: Dispute, number: int, choice: str) -> None:
    vote_dispute(dispute=case.pk, choice=choice, reason="", wallet=wallet(number), now=net.now)


def test_overturned_nothing_is_taken_and_everything_is_lifted(net: Network, node: str) -> None:
    slash = accuse(net, node)
    case = dispute(net, slash)
    assert (balance(accounts.DEPOSITS), net.available(operator(1))) == (50 * MICRO, 0)
    assert (case.closes_epoch, case.quorum_base) == (4, 10_000 * MICRO)
    vote(net, case, 1, "overturn")
    vote(net, case, 2, "uphold")
    vote(net, case, 3, "overturn")
    net.settle()
    # Undisputed it would have been executed now.
    assert Slash.objects.get(pk=slash.pk).status == "disputed"
    penalty = net.row(node).penalty_bps
    net.settle()
    assert [Slash.objects.get(pk=slash.pk).status, Dispute.objects.get().status] == ["overturned"] * 2
    assert (balance(accounts.DEPOSITS), net.available(operator(1))) == (0, 50 * MICRO)
    row = Node.objects.get(address=node)
    assert (row.cooldown_until, row.self_stake, net.value(node, 1)) == (0, 1_000 * MICRO, 3_000 * MICRO)
    assert (net.row(node).penalty_bps, net.row(node).reputation) == (penalty // 2, 500)


@pytest.mark.parametrize(
    ("votes", "deposit_to"),
    [
        ({1: "uphold"}, "treasury"),
        ({1: "overturn", 2: "uphold"}, "treasury"),
        ({3: "abstain"}, "treasury"),
        ({}, "operator"),
    ],
    ids=["upheld", "tie", "only abstained", "no quorum"],
)
def test_a_dispute_that_fails_leaves_the_slash_to_be_executed(
    net: Network, node: str, votes: dict[int, str], deposit_to: str
) -> None:
    slash = accuse(net, node)
    case = dispute(net, slash)
    for number, choice in votes.items():
        vote(net, case, number, choice)
    net.settle(2)
    slash.refresh_from_db()
    assert (slash.status, slash.resolved_epoch) == ("executed", 4)
    assert (slash.self_slashed, slash.delegated_slashed) == (250 * MICRO, 750 * MICRO)
    # The honest part has no honest node; the deposit is beside it or back.
    assert balance(accounts.TREASURY) == (250 + (50 if deposit_to == "treasury" else 0)) * MICRO
    assert net.available(operator(1)) == (50 * MICRO if deposit_to == "operator" else 0)
    assert Dispute.objects.get().quorum_met is (deposit_to == "treasury")


def test_a_missed_quorum_upholds_whatever_was_said(net: Network, node: str) -> None:
    """999.999999 of a quorum of 1,000: overturned by all who voted, and still it stands."""
    net.undelegate(Node.objects.get(name="node 2").address, 3, 0.000001)
    slash = accuse(net, node)
    case = dispute(net, slash)
    # The base fell by the same: 10 % of 9,999.999999 is 999.9999999, and 999.999999 do not reach it.
    vote(net, case, 3, "overturn")
    net.settle(2)
    assert Slash.objects.get(pk=slash.pk).status == "executed"
    assert net.available(operator(1)) == 50 * MICRO


def test_an_overturned_offence_leaves_the_other_its_full_rate(net: Network, node: str) -> None:
    """Section 15, 3: invalid_proof is overturned, dropout then takes its 15 %."""
    net.work(node, 1, outcome="dropped")
    accuse(net, node)
    first = net.slash(node, "invalid_proof")
    vote(net, dispute(net, first), 1, "overturn")
    net.settle()
    # The other is undisputed and goes first.
    other = net.slash(node, "dropout")
    assert (other.status, other.self_slashed, other.delegated_slashed) == (
        "executed",
        150 * MICRO,
        450 * MICRO,
    )
    net.settle()
    assert net.slash(node, "invalid_proof").status == "overturned"


def test_an_upheld_offence_takes_what_the_other_left(net: Network, node: str) -> None:
    net.work(node, 1, outcome="dropped")
    accuse(net, node)
    first = net.slash(node, "invalid_proof")
    vote(net, dispute(net, first), 1, "uphold")
    net.settle(2)
    assert net.slash(node, "dropout").self_slashed == 150 * MICRO
    first.refresh_from_db()
    assert (first.self_slashed, first.delegated_slashed) == (100 * MICRO, 300 * MICRO)


def test_an_overturned_ban_lets_the_node_go_on(net: Network, node: str) -> None:
    slash = accuse(net, node, proof="forged")
    vote(net, dispute(net, slash), 1, "overturn")
    net.settle(2)
    assert not Node.objects.get(address=node).banned
    net.delegate(node, 9, 1)


def test_an_overturned_strike_does_not_count(net: Network, node: str) -> None:
    net.work(node, 9, outcome="timeout")
    vote(net, dispute(net, accuse(net, node, outcome="timeout")), 1, "overturn")
    net.settle(2)
    net.work(node, 9, outcome="timeout")
    again = accuse(net, node, outcome="timeout")
    assert (again.epoch, again.self_bps, again.delegated_bps) == (5, 1_000, 0)


def test_what_another_slash_imposed_stays(net: Network, node: str) -> None:
    net.fake(node)
    accuse(net, node)
    vote(net, dispute(net, net.slash(node, "invalid_proof")), 1, "overturn")
    net.settle(2)
    # 3,000 + 1,000 IFM: tier 2, five epochs for the false hardware.
    assert Node.objects.get(address=node).cooldown_until == 2 + 5


def test_who_may_dispute_and_until_when(net: Network, node: str) -> None:
    slash = accuse(net, node)
    with pytest.raises(NotFound):
        open_dispute(slash=slash.pk + 99, reason="x", actor=operator(1), now=net.now)
    with pytest.raises(NotOperator):
        open_dispute(slash=slash.pk, reason="x", actor=operator(2), now=net.now)
    # The end of epoch 3 by the clock, settled or not.
    late = net.epoch.end
    with pytest.raises(DisputeWindowClosed):
        open_dispute(slash=slash.pk, reason="x", actor=operator(1), now=late)
    open_dispute(slash=slash.pk, reason="x", actor=operator(1), now=late - timedelta(milliseconds=1))
    with pytest.raises(AlreadyDisputed):
        open_dispute(slash=slash.pk, reason="x", actor=operator(1), now=late)


def test_a_dispute_needs_its_deposit(net: Network, node: str) -> None:
    slash = accuse(net, node)
    net.fund(operator(1), 1)
    net.stake(node, 2)
    with pytest.raises(InsufficientBalance):
        dispute(net, slash)
    assert Slash.objects.get(pk=slash.pk).status == "pending"


def test_an_executed_slash_is_past_disputing(net: Network, node: str) -> None:
    slash = accuse(net, node)
    net.settle()
    with pytest.raises(DisputeWindowClosed):
        dispute(net, slash)


def test_the_refusals_of_a_vote_in_their_order(net: Network, node: str) -> None:
    case = dispute(net, accuse(net, node))
    with pytest.raises(NotFound):
        vote_dispute(dispute=case.pk + 9, choice="x", reason="", wallet=operator(1), now=net.now)
    with pytest.raises(Invalid):
        vote_dispute(dispute=case.pk, choice="for", reason="", wallet=operator(1), now=net.now)
    with pytest.raises(ConflictOfInterest):
        vote_dispute(dispute=case.pk, choice="uphold", reason="", wallet=operator(1), now=net.now)
    with pytest.raises(NoVotingPower):
        vote(net, case, 9, "uphold")
    vote(net, case, 1, "uphold")
    vote(net, case, 1, "overturn")
    assert [(v.choice, v.power) for v in case.votes.all()] == [("overturn", 3_000 * MICRO)]
    net.settle(2)
    with pytest.raises(VoteClosed):
        vote_dispute(dispute=case.pk, choice="for", reason="", wallet=wallet(9), now=net.now)


def test_tokens_that_came_later_do_not_vote(net: Network, node: str) -> None:
    quiet = Node.objects.get(name="node 2").address
    slash = accuse(net, node)
    net.delegate(quiet, 4, 5_000)
    net.delegate(quiet, 3, 5_000)
    net.undelegate(quiet, 2)
    case = dispute(net, slash)
    with pytest.raises(NoVotingPower):
        vote(net, case, 4, "uphold")
    vote(net, case, 3, "uphold")
    vote(net, case, 2, "uphold")
    assert {v.wallet: v.power for v in case.votes.all()} == {
        wallet(2): 3_000 * MICRO,
        wallet(3): 1_000 * MICRO,
    }
