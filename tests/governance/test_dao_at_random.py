"""Random acts of members over several epochs: the audit holds and every verdict is by the rule."""

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
from tests.governance import world
from tests.governance.world import ACCUSED, ANN, BEN, CAT, HONEST, NILS, OLGA

MEMBERS = (ANN, BEN, CAT, NILS, OLGA)
members = st.sampled_from(MEMBERS)
nodes = st.sampled_from((ACCUSED, HONEST))
amounts = st.integers(1, 300 * MICRO)
JUDGE, DECIDE = ("uphold", "overturn", "abstain"), ("for", "against", "abstain")


def dispute_all() -> None:
    for slash in Slash.objects.filter(status="pending").select_related("node"):
        open_dispute(slash=slash.pk, reason="No.", actor=slash.node.operator, now=world.now())


def judge_all(wallet: str, choice: str) -> None:
    for dispute in Dispute.objects.filter(status="voting"):
        vote_dispute(dispute=dispute.pk, choice=choice, reason="", wallet=wallet, now=world.now())


def ask(wallet: str, quorum: int) -> None:
    propose(title="T", body="", changes={"quorum_bps": quorum}, wallet=wallet, now=world.now())


def decide_all(wallet: str, choice: str) -> None:
    for proposal in Proposal.objects.filter(status="voting"):
        vote_proposal(proposal=proposal.pk, choice=choice, reason="", wallet=wallet, now=world.now())


def enter(wallet: str, node: str, amount: int) -> None:
    delegate(wallet=wallet, node=node, amount=amount, now=world.now())


def leave(wallet: str, node: str, amount: int) -> None:
    undelegate(wallet=wallet, node=node, amount=amount, now=world.now())


acts = st.one_of(
    st.tuples(st.just(world.offend), nodes),
    st.tuples(st.just(dispute_all)),
    st.tuples(st.just(judge_all), members, st.sampled_from(JUDGE)),
    st.tuples(st.just(ask), members, st.integers(90, 5_100)),
    st.tuples(st.just(decide_all), members, st.sampled_from(DECIDE)),
    st.tuples(st.just(enter), members, nodes, amounts),
    st.tuples(st.just(leave), members, nodes, amounts),
    st.tuples(st.just(world.settle)),
)


def check_books() -> None:
    assert audit() == []
    running = Dispute.objects.filter(status="voting")
    assert balance(accounts.DEPOSITS) == sum(dispute.deposit for dispute in running)
    for dispute in Dispute.objects.exclude(status="voting").select_related("slash"):
        tally = dict.fromkeys(("uphold", "overturn", "abstain"), 0)
        for choice, power in Vote.objects.filter(dispute=dispute).values_list("choice", "power"):
            tally[choice] += power
        outcome, met = dispute_outcome(tally, dispute.quorum_bps, dispute.quorum_base)
        assert (dispute.status, dispute.quorum_met) == (outcome, met)
        assert dispute.slash.status == ("overturned" if outcome == "overturned" else "executed")


@pytest.mark.django_db
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(acts, min_size=5, max_size=25))
def test_the_books_hold(story: list[tuple[Any, ...]]) -> None:
    with transaction.atomic():
        world.begin()
        for member in MEMBERS:
            world.fund(member, 1_000 * MICRO)
        for act in [*story, *[(world.settle,)] * 3]:
            # A refusal undoes its own act and nothing else.
            with suppress(ProtocolError):
                act[0](*act[1:])
        check_books()
        transaction.set_rollback(True)
