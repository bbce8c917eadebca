"""Random naming and voting: the count equals a simple reference, and each wallet's power is counted once (R57)."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.models import Dispute, Proposal, Vote
from governance.selectors.tallies import counts
from governance.services.disputes import open_dispute
from governance.services.proposals import propose
from governance.services.representatives import name_representatives
from governance.services.votes import vote_dispute, vote_proposal
from protocol.amounts import MICRO
from protocol.errors import ProtocolError
from protocol.votes import dispute_outcome
from settlement.audit import audit
from staking.models import Slash
from staking.selectors.voting_power import voting_power
from tests.examples import examples
from tests.governance import scenario
from tests.governance.scenario import ANN, BEN, CAT, DAN, NILS, OLGA
from tests.shared_rows import shared

WALLETS = (ANN, BEN, CAT, DAN, NILS, OLGA)
wallets = st.sampled_from(WALLETS)
kinds = st.sampled_from(("disputes", "proposals"))


class Reference:
    """Reference model: representatives by epoch, and votes, in dictionaries."""

    def __init__(self) -> None:
        self.named: dict[tuple[str, str], dict[int, str | None]] = defaultdict(dict)
        self.votes: dict[Any, dict[str, str]] = defaultdict(dict)

    def name(self, wallet: str, kind: str, representative: str | None) -> None:
        self.named[wallet, kind][scenario.epoch().number + 1] = representative

    def representative(self, wallet: str, ballot: Dispute | Proposal) -> str | None:
        kind = "disputes" if isinstance(ballot, Dispute) else "proposals"
        named = [
            (epoch, who) for epoch, who in self.named[wallet, kind].items() if epoch <= ballot.opened_epoch
        ]
        return max(named, default=(0, None))[1]

    def tally(self, ballot: Dispute | Proposal) -> tuple[dict[str, int], dict[str, int]]:
        choices = self.votes[type(ballot), ballot.pk]
        operator = ballot.operator if isinstance(ballot, Dispute) else None
        own: dict[str, int] = defaultdict(int)
        represented: dict[str, int] = defaultdict(int)
        for wallet in WALLETS:
            power = voting_power(wallet, epoch=ballot.opened_epoch)
            representative = self.representative(wallet, ballot)
            if wallet in choices:
                own[choices[wallet]] += power
            elif wallet != operator and representative in choices and representative != operator:
                represented[choices[representative]] += power
        total = {choice: own[choice] + represented[choice] for choice in {*own, *represented}}
        return total, represented


def name(reference: Reference, wallet: str, kind: str, representative: str | None) -> None:
    name_representatives(wallet=wallet, named={kind: representative}, now=scenario.now())
    reference.name(wallet, kind, representative)


def vote(reference: Reference, wallet: str, number: int) -> None:
    for dispute in Dispute.objects.filter(status="voting"):
        choice = ("uphold", "overturn", "abstain")[number]
        vote_dispute(dispute=dispute.pk, choice=choice, reason="", wallet=wallet, now=scenario.now())
        reference.votes[Dispute, dispute.pk][wallet] = choice
    for proposal in Proposal.objects.filter(status="voting"):
        choice = ("for", "against", "abstain")[number]
        vote_proposal(proposal=proposal.pk, choice=choice, reason="", wallet=wallet, now=scenario.now())
        reference.votes[Proposal, proposal.pk][wallet] = choice


def dispute(reference: Reference) -> None:
    scenario.commit_offence()
    scenario.settle()
    slash = Slash.objects.filter(status="pending").latest("pk")
    open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=scenario.now())


def make_proposal(reference: Reference, quorum: int) -> None:
    propose(title="T", body="", changes={"quorum_bps": quorum}, wallet=NILS, now=scenario.now())


def delegate(reference: Reference, wallet: str, amount: int) -> None:
    scenario.fund_and_delegate(wallet, amount)


def settle(reference: Reference) -> None:
    scenario.settle()


actions = st.one_of(
    st.tuples(st.just(name), wallets, kinds, st.one_of(st.none(), wallets)),
    st.tuples(st.just(vote), wallets, st.integers(0, 2)),
    st.tuples(st.just(dispute)),
    st.tuples(st.just(make_proposal), st.integers(200, 900)),
    st.tuples(st.just(delegate), wallets, st.integers(MICRO, 300 * MICRO)),
    st.tuples(st.just(settle)),
)


def check_counts(reference: Reference) -> None:
    for model in (Dispute, Proposal):
        ballots = list(model.objects.all())
        for number, count in counts(ballots).items():
            ballot = model.objects.get(pk=number)
            total, represented = reference.tally(ballot)
            assert {choice: power for choice, power in count.tally.items() if power} == {
                choice: power for choice, power in total.items() if power
            }
            assert {choice: power for choice, power in count.represented.items() if power} == {
                choice: power for choice, power in represented.items() if power
            }
            assert count.turnout <= ballot.quorum_base
            if isinstance(ballot, Dispute) and ballot.status != "voting":
                outcome = dispute_outcome(count.tally, ballot.quorum_bps, ballot.quorum_base)
                assert (ballot.status, ballot.quorum_met) == outcome


@shared
def network() -> None:
    """Olga can pay the deposits of disputes."""
    scenario.begin()
    scenario.fund(OLGA, 1_000 * MICRO)


@pytest.mark.random
@pytest.mark.usefixtures("network")
@settings(max_examples=examples(5, 24, 1_000), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(taken=st.lists(actions, min_size=6, max_size=24))
def test_the_count_equals_a_simple_reference(taken: list[tuple[Any, ...]]) -> None:
    with transaction.atomic():
        reference = Reference()
        for action, *arguments in taken:
            with suppress(ProtocolError):
                action(reference, *arguments)
            check_counts(reference)
        for _ in range(4):
            scenario.settle()
            check_counts(reference)
        assert audit() == []
        assert Vote.objects.filter(power__lt=0).count() == 0
        transaction.set_rollback(True)
