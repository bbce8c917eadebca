"""Outcomes of disputes by vote, exact to the µIFM (R44–R46). The base is 2,900 IFM, the quorum 290 IFM."""

from __future__ import annotations

import pytest

from governance.models import Dispute, Vote
from governance.services.disputes import open_dispute
from governance.services.votes import vote_dispute
from ledger import accounts
from ledger.selectors import balance
from protocol import errors
from protocol.amounts import MICRO
from settlement.audit import audit
from staking.models import Node, Slash
from tests.governance import scenario
from tests.governance.scenario import ANN, BEN, CAT, DAN, NILS, OLGA, SLASHED
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db

DEPOSIT = 50 * MICRO
QUORUM = 290 * MICRO


def opened_dispute(stakes_of: dict[str, int] | None = None) -> Dispute:
    scenario.begin(stakes_of)
    slash = scenario.slash_node()
    return open_dispute(
        slash=slash.pk, reason="The oracle read another machine.", actor=OLGA, now=scenario.now()
    )


@shared
def dispute() -> Dispute:
    return opened_dispute()


def vote(dispute: Dispute, wallet: str, choice: str) -> Vote:
    return vote_dispute(dispute=dispute.pk, choice=choice, reason="", wallet=wallet, now=scenario.now())


def settled_outcome(dispute: Dispute) -> tuple[str, bool | None]:
    """Settle until the vote ends and return (status, quorum met)."""
    while scenario.epoch().number <= dispute.closes_epoch:
        scenario.settle()
    dispute.refresh_from_db()
    assert audit() == []
    return dispute.status, dispute.quorum_met


@pytest.mark.parametrize(
    ("votes", "outcome"),
    [
        ({ANN: "overturn"}, ("overturned", True)),
        ({ANN: "uphold"}, ("upheld", True)),
        ({ANN: "overturn", BEN: "uphold"}, ("overturned", True)),
        ({ANN: "overturn", BEN: "uphold", CAT: "uphold"}, ("upheld", True)),
        ({CAT: "overturn"}, ("upheld", False)),
        ({CAT: "overturn", BEN: "abstain"}, ("overturned", True)),
        ({ANN: "abstain", BEN: "abstain", CAT: "abstain"}, ("upheld", True)),
        ({}, ("upheld", False)),
        ({NILS: "overturn", ANN: "uphold"}, ("overturned", True)),
    ],
)
def test_outcomes_follow_the_votes(
    dispute: Dispute, votes: dict[str, str], outcome: tuple[str, bool]
) -> None:
    for wallet, choice in votes.items():
        vote(dispute, wallet, choice)
    assert settled_outcome(dispute) == outcome


@pytest.mark.parametrize(
    ("power", "outcome"), [(QUORUM, ("overturned", True)), (QUORUM - 1, ("upheld", False))]
)
def test_one_micro_decides_the_quorum(power: int, outcome: tuple[str, bool]) -> None:
    # Whatever one wallet lacks of 900 IFM another holds, so that the base stays 2,900 IFM.
    dispute = opened_dispute({ANN: power, BEN: 900 * MICRO - power})
    assert dispute.quorum_base == 2_900 * MICRO
    assert vote(dispute, ANN, "overturn").power == power
    assert settled_outcome(dispute) == outcome


def test_the_quorum_is_rounded_up() -> None:
    # 10 % of 2,900 IFM and 1 µIFM is more than 290 IFM.
    dispute = opened_dispute({ANN: QUORUM, BEN: 610 * MICRO + 1})
    vote(dispute, ANN, "overturn")
    assert settled_outcome(dispute) == ("upheld", False)


@pytest.mark.parametrize(("more", "outcome"), [(0, "upheld"), (1, "overturned")])
def test_one_micro_breaks_a_tie(more: int, outcome: str) -> None:
    dispute = opened_dispute({ANN: 300 * MICRO + more, BEN: 300 * MICRO})
    vote(dispute, ANN, "overturn")
    vote(dispute, BEN, "uphold")
    assert settled_outcome(dispute) == (outcome, True)


def test_an_overturned_slash_takes_nothing_and_returns_the_deposit(dispute: Dispute) -> None:
    before = scenario.wallet(OLGA)
    assert Node.objects.get(address=SLASHED).cooldown_until
    vote(dispute, ANN, "overturn")
    settled_outcome(dispute)
    slash = Slash.objects.get()
    assert (slash.status, slash.slashed) == ("overturned", 0)
    assert scenario.wallet(OLGA) - before == DEPOSIT
    assert (balance(accounts.DEPOSITS), balance(accounts.TREASURY)) == (0, 0)
    node = Node.objects.get(address=SLASHED)
    assert (node.self_stake, node.cooldown_until) == (1_000 * MICRO, 0)


def test_an_upheld_slash_with_quorum_forfeits_the_deposit(dispute: Dispute) -> None:
    before = scenario.wallet(OLGA)
    vote(dispute, ANN, "uphold")
    settled_outcome(dispute)
    slash = Slash.objects.get()
    assert (slash.status, slash.self_slashed) == ("executed", 250 * MICRO)
    assert scenario.wallet(OLGA) == before
    assert balance(accounts.DEPOSITS) == 0
    # No node worked in these epochs, so the honest part of 62.5 IFM lies there as well.
    assert balance(accounts.TREASURY) == DEPOSIT + 62_500_000


def test_an_upheld_slash_without_quorum_returns_the_deposit(dispute: Dispute) -> None:
    before = scenario.wallet(OLGA)
    settled_outcome(dispute)
    assert Slash.objects.get().status == "executed"
    assert scenario.wallet(OLGA) - before == DEPOSIT
    assert balance(accounts.DEPOSITS) == 0


def test_a_dispute_can_be_free_of_deposit(settings) -> None:
    settings.INFRAMIND_PARAMETERS = {"dispute_deposit": "0"}
    dispute = opened_dispute()
    assert dispute.deposit == 0
    assert settled_outcome(dispute) == ("upheld", False)


def test_stake_added_after_the_snapshot_does_not_count() -> None:
    scenario.begin()
    slash = scenario.slash_node()
    scenario.fund_and_delegate(DAN, 5_000 * MICRO)
    scenario.fund_and_delegate(ANN, 5_000 * MICRO)
    dispute = open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=scenario.now())
    scenario.settle()
    with pytest.raises(errors.NoVotingPower):
        vote(dispute, DAN, "overturn")
    assert vote(dispute, ANN, "overturn").power == 400 * MICRO


def test_pending_stake_of_the_epoch_before_counts() -> None:
    scenario.begin()
    scenario.fund_and_delegate(DAN, 500 * MICRO)
    slash = scenario.slash_node()
    dispute = open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=scenario.now())
    assert vote(dispute, DAN, "uphold").power == 500 * MICRO
    assert dispute.quorum_base == 3_400 * MICRO


def test_stake_removed_after_the_snapshot_counts() -> None:
    from delegation.services.positions import undelegate

    dispute = opened_dispute()
    undelegate(node=scenario.HONEST, amount=None, wallet=ANN, now=scenario.now())
    scenario.settle()
    assert vote(dispute, ANN, "overturn").power == 400 * MICRO


def test_stake_slashed_after_the_snapshot_counts_fully() -> None:
    """The honest node falls too: 25 % is taken in the settlement between snapshot and vote."""
    scenario.begin()
    scenario.commit_offence(scenario.HONEST)
    slash = scenario.slash_node()
    dispute = open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=scenario.now())
    scenario.settle()
    assert Slash.objects.get(node__address=scenario.HONEST).status == "executed"
    assert vote(dispute, ANN, "overturn").power == 400 * MICRO
    assert vote(dispute, NILS, "overturn").power == 1_000 * MICRO
    assert settled_outcome(dispute) == ("overturned", True)


def test_stake_slashed_before_the_snapshot_counts_reduced() -> None:
    scenario.begin()
    scenario.slash_node(scenario.HONEST)
    scenario.commit_offence()
    scenario.settle()
    slash = Slash.objects.get(node__address=SLASHED)
    dispute = open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=scenario.now())
    # X = 250 + 225, of which 25 % (118.75) goes back into the pool: 900 − 225 + 118.75 = 793.75 IFM.
    assert vote(dispute, ANN, "uphold").power == 793_750_000 * 4 // 9
    assert vote(dispute, NILS, "uphold").power == 750 * MICRO
    assert dispute.quorum_base == (1_000 + 750) * MICRO + 793_750_000


def test_the_operator_cannot_vote_on_a_slash_of_its_own_node() -> None:
    scenario.begin()
    scenario.fund_and_delegate(OLGA, 5_000 * MICRO)
    slash = scenario.slash_node()
    dispute = open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=scenario.now())
    with pytest.raises(errors.ConflictOfInterest):
        vote(dispute, OLGA, "overturn")
    # It counts in the base all the same: the base is all stake.
    assert dispute.quorum_base == 7_900 * MICRO


def test_voting_power_is_own_stake_plus_delegations() -> None:
    scenario.begin({NILS_ELSEWHERE: 100 * MICRO})
    scenario.fund_and_delegate(NILS, 70 * MICRO, node=SLASHED)
    scenario.settle()
    slash = scenario.slash_node()
    dispute = open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=scenario.now())
    assert vote(dispute, NILS, "uphold").power == 1_070 * MICRO


def test_a_changed_vote_counts_once(dispute: Dispute) -> None:
    first = vote(dispute, ANN, "uphold")
    second = vote(dispute, ANN, "overturn")
    assert (first.pk, second.power) == (second.pk, 400 * MICRO)
    assert Vote.objects.count() == 1
    assert settled_outcome(dispute) == ("overturned", True)


def test_a_decided_dispute_accepts_no_votes(dispute: Dispute) -> None:
    settled_outcome(dispute)
    with pytest.raises(errors.VoteClosed):
        vote(dispute, ANN, "overturn")


@pytest.mark.parametrize(
    ("wallet", "choice", "closed", "refusal"),
    [
        (OLGA, "maybe", True, errors.VoteClosed),
        (OLGA, "maybe", False, errors.Invalid),
        (OLGA, ["uphold"], False, errors.Invalid),
        (OLGA, "for", False, errors.Invalid),
        (OLGA, "uphold", False, errors.ConflictOfInterest),
        (DAN, "uphold", False, errors.NoVotingPower),
    ],
)
def test_the_first_matching_refusal_is_raised(
    dispute: Dispute, wallet: str, choice: object, closed: bool, refusal: type[Exception]
) -> None:
    if closed:
        settled_outcome(dispute)
    with pytest.raises(refusal):
        vote_dispute(dispute=dispute.pk, choice=choice, reason="", wallet=wallet, now=scenario.now())
    with pytest.raises(errors.NotFound):
        vote_dispute(dispute=0, choice=choice, reason="", wallet=wallet, now=scenario.now())
    assert not Vote.objects.exists()


def test_an_overturned_slash_does_not_affect_another() -> None:
    scenario.begin()
    first = scenario.slash_node()
    dispute = open_dispute(slash=first.pk, reason="No.", actor=OLGA, now=scenario.now())
    vote(dispute, ANN, "overturn")
    second = scenario.slash_node()
    assert settled_outcome(dispute) == ("overturned", True)
    second.refresh_from_db()
    assert (second.status, second.self_slashed) == ("executed", 250 * MICRO)
    # The later slash holds its own cooldown.
    assert Node.objects.get(address=SLASHED).cooldown_until == second.cooldown_until


NILS_ELSEWHERE = scenario.address(0x77)
