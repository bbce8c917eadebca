"""The audit finds governance rows that no service writes (section 14, item 9)."""

from __future__ import annotations

import pytest
from django.db import connection

from governance.models import Dispute, Vote
from governance.services.disputes import open_dispute
from governance.services.votes import vote_dispute
from protocol.amounts import MICRO
from settlement.audit import audit
from staking.models import Counter, Slash
from tests.governance import scenario
from tests.governance.scenario import ANN, OLGA
from tests.owner import as_owner
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db


@shared
def vote() -> Vote:
    scenario.begin()
    slash = scenario.slash_node()
    dispute = open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=scenario.now())
    cast = vote_dispute(dispute=dispute.pk, choice="uphold", reason="", wallet=ANN, now=scenario.now())
    assert audit() == []
    return cast


@pytest.mark.parametrize("power", [400 * MICRO + 1, 400 * MICRO - 1])
def test_the_audit_finds_power_that_differs_from_the_stake(vote: Vote, power: int) -> None:
    Vote.objects.update(power=power)
    assert [fault.partition(":")[0] for fault in audit()] == ["9 voting power"]
    assert f"vote {vote.pk} of {ANN}" in audit()[0]


def test_the_audit_finds_a_wrong_quorum_base(vote: Vote) -> None:
    Dispute.objects.update(quorum_base=1)
    assert [fault.partition(":")[0] for fault in audit()] == ["9 quorum base", "9 turnout"]


def test_the_audit_finds_a_missing_deposit(vote: Vote) -> None:
    Dispute.objects.update(deposit=0)
    assert audit() == [f"9 deposits: deposits: ledger {50 * MICRO}, open disputes 0"]


def test_the_audit_finds_a_slash_that_differs_from_its_dispute(vote: Vote) -> None:
    Slash.objects.update(status="pending")
    assert audit() == [f"9 dispute outcomes: dispute {vote.dispute_id} is voting, its slash pending"]


def test_the_audit_finds_two_votes_of_a_wallet(vote: Vote) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE governance_vote DROP CONSTRAINT governance_vote_dispute")
    Vote.objects.create(
        dispute=vote.dispute, wallet=ANN, choice="uphold", power=400 * MICRO, at=scenario.now()
    )
    assert [fault.partition(":")[0] for fault in audit()] == ["9 one wallet, one vote"]


def test_the_audit_finds_a_gap_in_the_numbers(vote: Vote) -> None:
    Counter.objects.filter(name="dispute").update(last=5)
    assert audit() == ["9 dispute numbers: disputes: 1 rows, last number 1, counter 5"]
