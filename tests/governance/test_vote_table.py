"""The vote table: how disputes come out, to the µIFM (R44–R46). The base is 2,900 IFM, the quorum 290 IFM."""

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
from tests.governance import world
from tests.governance.world import ACCUSED, ANN, BEN, CAT, DAN, NILS, OLGA

pytestmark = pytest.mark.django_db

DEPOSIT = 50 * MICRO
QUORUM = 290 * MICRO


def case(stakes_of: dict[str, int] | None = None) -> Dispute:
    world.begin(stakes_of)
    slash = world.accuse()
    return open_dispute(
        slash=slash.pk, reason="The oracle read another machine.", actor=OLGA, now=world.now()
    )


def vote(dispute: Dispute, wallet: str, choice: str) -> Vote:
    return vote_dispute(dispute=dispute.pk, choice=choice, reason="", wallet=wallet, now=world.now())


def judged(dispute: Dispute) -> tuple[str, bool | None]:
    """Settle until the verdict."""
    while world.epoch().number <= dispute.closes_epoch:
        world.settle()
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
def test_outcomes(votes: dict[str, str], outcome: tuple[str, bool]) -> None:
    dispute = case()
    for wallet, choice in votes.items():
        vote(dispute, wallet, choice)
    assert judged(dispute) == outcome


@pytest.mark.parametrize(
    ("power", "outcome"), [(QUORUM, ("overturned", True)), (QUORUM - 1, ("upheld", False))]
)
def test_quorum_met_and_missed_by_one_micro(power: int, outcome: tuple[str, bool]) -> None:
    # Whatever one wallet lacks of 900 IFM another holds, so that the base stays 2,900 IFM.
    dispute = case({ANN: power, BEN: 900 * MICRO - power})
    assert dispute.quorum_base == 2_900 * MICRO
    assert vote(dispute, ANN, "overturn").power == power
    assert judged(dispute) == outcome


def test_the_quorum_of_a_base_that_does_not_divide_is_rounded_up() -> None:
    # 10 % of 2,900 IFM and 1 µIFM is more than 290 IFM.
    dispute = case({ANN: QUORUM, BEN: 610 * MICRO + 1})
    vote(dispute, ANN, "overturn")
    assert judged(dispute) == ("upheld", False)


@pytest.mark.parametrize(("more", "outcome"), [(0, "upheld"), (1, "overturned")])
def test_a_tie_and_one_micro_more(more: int, outcome: str) -> None:
    dispute = case({ANN: 300 * MICRO + more, BEN: 300 * MICRO})
    vote(dispute, ANN, "overturn")
    vote(dispute, BEN, "uphold")
    assert judged(dispute) == (outcome, True)


def test_overturned_nothing_is_slashed_and_the_deposit_returns() -> None:
    dispute = case()
    before = world.wallet(OLGA)
    assert Node.objects.get(address=ACCUSED).cooldown_until
    vote(dispute, ANN, "overturn")
    judged(dispute)
    slash = Slash.objects.get()
    assert (slash.status, slash.slashed) == ("overturned", 0)
    assert world.wallet(OLGA) - before == DEPOSIT
    assert (balance(accounts.DEPOSITS), balance(accounts.TREASURY)) == (0, 0)
    node = Node.objects.get(address=ACCUSED)
    assert (node.self_stake, node.cooldown_until) == (1_000 * MICRO, 0)


def test_upheld_with_quorum_the_deposit_is_forfeited() -> None:
    dispute = case()
    before = world.wallet(OLGA)
    vote(dispute, ANN, "uphold")
    judged(dispute)
    slash = Slash.objects.get()
    assert (slash.status, slash.self_slashed) == ("executed", 250 * MICRO)
    assert world.wallet(OLGA) == before
    assert balance(accounts.DEPOSITS) == 0
    # No node worked in these epochs, so the honest part of 62.5 IFM lies there as well.
    assert balance(accounts.TREASURY) == DEPOSIT + 62_500_000


def test_upheld_for_want_of_quorum_the_deposit_returns() -> None:
    dispute = case()
    before = world.wallet(OLGA)
    judged(dispute)
    assert Slash.objects.get().status == "executed"
    assert world.wallet(OLGA) - before == DEPOSIT
    assert balance(accounts.DEPOSITS) == 0


def test_a_vote_without_a_deposit(settings) -> None:
    settings.INFRAMIND_PARAMETERS = {"dispute_deposit": "0"}
    dispute = case()
    assert dispute.deposit == 0
    assert judged(dispute) == ("upheld", False)


def test_stake_bought_after_the_snapshot_does_not_vote() -> None:
    world.begin()
    slash = world.accuse()
    world.back(DAN, 5_000 * MICRO)
    world.back(ANN, 5_000 * MICRO)
    dispute = open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=world.now())
    world.settle()
    with pytest.raises(errors.NoVotingPower):
        vote(dispute, DAN, "overturn")
    assert vote(dispute, ANN, "overturn").power == 400 * MICRO


def test_stake_of_the_epoch_before_votes_though_it_was_pending() -> None:
    world.begin()
    world.back(DAN, 500 * MICRO)
    slash = world.accuse()
    dispute = open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=world.now())
    assert vote(dispute, DAN, "uphold").power == 500 * MICRO
    assert dispute.quorum_base == 3_400 * MICRO


def test_stake_that_left_after_the_snapshot_votes() -> None:
    from delegation.services.positions import undelegate

    dispute = case()
    undelegate(node=world.HONEST, amount=None, wallet=ANN, now=world.now())
    world.settle()
    assert vote(dispute, ANN, "overturn").power == 400 * MICRO


def test_stake_slashed_after_the_snapshot_votes_whole() -> None:
    """The honest node falls too: 25 % is taken in the settlement between snapshot and vote."""
    world.begin()
    world.offend(world.HONEST)
    slash = world.accuse()
    dispute = open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=world.now())
    world.settle()
    assert Slash.objects.get(node__address=world.HONEST).status == "executed"
    assert vote(dispute, ANN, "overturn").power == 400 * MICRO
    assert vote(dispute, NILS, "overturn").power == 1_000 * MICRO
    assert judged(dispute) == ("overturned", True)


def test_stake_slashed_before_the_snapshot_votes_for_what_is_left() -> None:
    world.begin()
    world.accuse(world.HONEST)
    world.offend()
    world.settle()
    slash = Slash.objects.get(node__address=ACCUSED)
    dispute = open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=world.now())
    # X = 250 + 225, of which 25 % (118.75) goes back into the pool: 900 − 225 + 118.75 = 793.75 IFM.
    assert vote(dispute, ANN, "uphold").power == 793_750_000 * 4 // 9
    assert vote(dispute, NILS, "uphold").power == 750 * MICRO
    assert dispute.quorum_base == (1_000 + 750) * MICRO + 793_750_000


def test_the_accused_operator_cannot_vote_not_even_with_stake_elsewhere() -> None:
    world.begin()
    world.back(OLGA, 5_000 * MICRO)
    slash = world.accuse()
    dispute = open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=world.now())
    with pytest.raises(errors.ConflictOfInterest):
        vote(dispute, OLGA, "overturn")
    # It counts in the base all the same: the base is all stake.
    assert dispute.quorum_base == 7_900 * MICRO


def test_power_is_the_sum_of_own_stake_and_delegations() -> None:
    world.begin({NILS_ELSEWHERE: 100 * MICRO})
    world.back(NILS, 70 * MICRO, node=ACCUSED)
    world.settle()
    slash = world.accuse()
    dispute = open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=world.now())
    assert vote(dispute, NILS, "uphold").power == 1_070 * MICRO


def test_a_vote_is_changed_and_counts_once() -> None:
    dispute = case()
    first = vote(dispute, ANN, "uphold")
    second = vote(dispute, ANN, "overturn")
    assert (first.pk, second.power) == (second.pk, 400 * MICRO)
    assert Vote.objects.count() == 1
    assert judged(dispute) == ("overturned", True)


def test_after_the_verdict_nobody_votes() -> None:
    dispute = case()
    judged(dispute)
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
def test_the_first_refusal_that_fits_is_given(
    wallet: str, choice: object, closed: bool, refusal: type[Exception]
) -> None:
    dispute = case()
    if closed:
        judged(dispute)
    with pytest.raises(refusal):
        vote_dispute(dispute=dispute.pk, choice=choice, reason="", wallet=wallet, now=world.now())
    with pytest.raises(errors.NotFound):
        vote_dispute(dispute=0, choice=choice, reason="", wallet=wallet, now=world.now())
    assert not Vote.objects.exists()


def test_a_dispute_of_one_offence_leaves_the_other_to_be_executed() -> None:
    world.begin()
    first = world.accuse()
    dispute = open_dispute(slash=first.pk, reason="No.", actor=OLGA, now=world.now())
    vote(dispute, ANN, "overturn")
    second = world.accuse()
    assert judged(dispute) == ("overturned", True)
    second.refresh_from_db()
    assert (second.status, second.self_slashed) == ("executed", 250 * MICRO)
    # The later slash holds its own cooldown.
    assert Node.objects.get(address=ACCUSED).cooldown_until == second.cooldown_until


NILS_ELSEWHERE = world.address(0x77)
