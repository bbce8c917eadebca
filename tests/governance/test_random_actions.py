"""Random actions of members over several epochs: the audit finds no fault and every outcome follows the rule."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delegation.services.positions import delegate, undelegate
from governance.models import Dispute, Proposal, Vote
from governance.services.disputes import open_dispute
from governance.services.proposals import propose
from governance.services.votes import vote_dispute, vote_proposal
from ledger import accounts
from ledger.selectors import balance
from protocol.amounts import MICRO
from protocol.errors import ProtocolError
from protocol.votes import dispute_outcome
from settlement.audit import audit
from staking.models import Slash
from tests.examples import examples
from tests.governance import scenario
from tests.governance.scenario import ANN, BEN, CAT, HONEST, NILS, OLGA, SLASHED
from tests.shared_rows import shared

MEMBERS = (ANN, BEN, CAT, NILS, OLGA)
members = st.sampled_from(MEMBERS)
nodes = st.sampled_from((SLASHED, HONEST))
amounts = st.integers(1, 300 * MICRO)
DISPUTE_CHOICES, PROPOSAL_CHOICES = ("uphold", "overturn", "abstain"), ("for", "against", "abstain")


def dispute_all() -> None:
    for slash in Slash.objects.filter(status="pending").select_related("node"):
        open_dispute(slash=slash.pk, reason="No.", actor=slash.node.operator, now=scenario.now())


def vote_on_disputes(wallet: str, choice: str) -> None:
    for dispute in Dispute.objects.filter(status="voting"):
        vote_dispute(dispute=dispute.pk, choice=choice, reason="", wallet=wallet, now=scenario.now())


def make_proposal(wallet: str, quorum: int) -> None:
    propose(title="T", body="", changes={"quorum_bps": quorum}, wallet=wallet, now=scenario.now())


def vote_on_proposals(wallet: str, choice: str) -> None:
    for proposal in Proposal.objects.filter(status="voting"):
        vote_proposal(proposal=proposal.pk, choice=choice, reason="", wallet=wallet, now=scenario.now())


def delegate_amount(wallet: str, node: str, amount: int) -> None:
    delegate(wallet=wallet, node=node, amount=amount, now=scenario.now())


def undelegate_amount(wallet: str, node: str, amount: int) -> None:
    undelegate(wallet=wallet, node=node, amount=amount, now=scenario.now())


actions = st.one_of(
    st.tuples(st.just(scenario.commit_offence), nodes),
    st.tuples(st.just(dispute_all)),
    st.tuples(st.just(vote_on_disputes), members, st.sampled_from(DISPUTE_CHOICES)),
    st.tuples(st.just(make_proposal), members, st.integers(90, 5_100)),
    st.tuples(st.just(vote_on_proposals), members, st.sampled_from(PROPOSAL_CHOICES)),
    st.tuples(st.just(delegate_amount), members, nodes, amounts),
    st.tuples(st.just(undelegate_amount), members, nodes, amounts),
    st.tuples(st.just(scenario.settle)),
)


def check_outcomes() -> None:
    assert audit() == []
    open_disputes = Dispute.objects.filter(status="voting")
    assert balance(accounts.DEPOSITS) == sum(dispute.deposit for dispute in open_disputes)
    for dispute in Dispute.objects.exclude(status="voting").select_related("slash"):
        tally = dict.fromkeys(("uphold", "overturn", "abstain"), 0)
        for choice, power in Vote.objects.filter(dispute=dispute).values_list("choice", "power"):
            tally[choice] += power
        outcome, met = dispute_outcome(tally, dispute.quorum_bps, dispute.quorum_base)
        assert (dispute.status, dispute.quorum_met) == (outcome, met)
        assert dispute.slash.status == ("overturned" if outcome == "overturned" else "executed")


@shared
def network() -> None:
    """All members have means besides their stake."""
    scenario.begin()
    for member in MEMBERS:
        scenario.fund(member, 1_000 * MICRO)


@pytest.mark.random
@pytest.mark.usefixtures("network")
@settings(max_examples=examples(12, 50, 2_000), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions_taken=st.lists(actions, min_size=5, max_size=25))
def test_the_audit_holds_after_random_actions(actions_taken: list[tuple[Any, ...]]) -> None:
    with transaction.atomic():
        for action in [*actions_taken, *[(scenario.settle,)] * 3]:
            # A refused action changes nothing.
            with suppress(ProtocolError):
                action[0](*action[1:])
        check_outcomes()
        transaction.set_rollback(True)
