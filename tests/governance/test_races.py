"""At once: two disputes of one slash, two votes of one wallet, a vote while its epoch is settled."""

from __future__ import annotations

import pytest

from governance.models import Dispute, Vote
from governance.services import proposals
from governance.services.disputes import open_dispute
from governance.services.votes import vote_dispute
from ledger import accounts
from ledger.selectors import balance
from protocol.amounts import MICRO
from protocol.errors import AlreadyDisputed, DisputeWindowClosed, RateLimited, VoteClosed
from settlement.audit import audit
from settlement.epoch import settle_epoch
from tests.governance import scenario
from tests.governance.scenario import ANN, BEN, NILS, OLGA, SECOND
from tests.together import together

pytestmark = pytest.mark.django_db(transaction=True)


def test_concurrent_disputes_of_a_slash_open_one() -> None:
    scenario.begin()
    slash = scenario.slash_node()
    now = scenario.now()

    def act(number: int) -> bool:
        try:
            open_dispute(slash=slash.pk, reason=f"No {number}.", actor=OLGA, now=now)
        except AlreadyDisputed:
            return False
        return True

    assert sorted(together(6, act)) == [False] * 5 + [True]
    assert (Dispute.objects.count(), balance(accounts.DEPOSITS)) == (1, 50 * MICRO)


def test_concurrent_votes_of_a_wallet_store_one() -> None:
    scenario.begin()
    slash = scenario.slash_node()
    dispute = open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=scenario.now())
    now = scenario.now()

    def act(number: int) -> int:
        choice = ("uphold", "overturn", "abstain")[number % 3]
        return vote_dispute(dispute=dispute.pk, choice=choice, reason="", wallet=ANN, now=now).power

    assert set(together(6, act)) == {400 * MICRO}
    assert Vote.objects.count() == 1


def test_concurrent_proposals_never_exceed_the_limit_and_have_no_gaps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(proposals, "MAX_OPEN", 2)
    scenario.begin()
    now = scenario.now()

    def act(number: int) -> int:
        try:
            changes = {"quorum_bps": 900 + number}
            return proposals.propose(title="T", body="", changes=changes, wallet=NILS, now=now).pk
        except RateLimited:
            return 0

    assert sorted(together(6, act)) == [0, 0, 0, 0, 1, 2]
    assert audit() == []


def test_votes_during_settlement_count_fully_or_are_refused() -> None:
    scenario.begin()
    slash = scenario.slash_node()
    dispute = open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=scenario.now())
    scenario.settle()
    closing = scenario.epoch()
    voters = {1: ANN, 2: BEN}

    def act(number: int) -> bool:
        if number == 0:
            settle_epoch(now=closing.end, number=closing.number)
            return True
        try:
            cast = {"dispute": dispute.pk, "choice": "overturn", "reason": "", "wallet": voters[number]}
            vote_dispute(**cast, now=closing.end - SECOND)
        except VoteClosed:
            return False
        return True

    in_time = together(3, act)[1:]
    dispute.refresh_from_db()
    assert Vote.objects.count() == in_time.count(True)
    assert dispute.status == ("overturned" if any(in_time) else "upheld")
    assert audit() == []


def test_disputes_during_settlement_count_fully_or_are_refused() -> None:
    scenario.begin()
    slash = scenario.slash_node()
    closing = scenario.epoch()

    def act(number: int) -> bool:
        if number == 0:
            settle_epoch(now=closing.end, number=closing.number)
            return True
        try:
            open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=closing.end - SECOND)
        except DisputeWindowClosed:
            return False
        return True

    in_time = together(2, act)[1]
    slash.refresh_from_db()
    assert slash.status == ("disputed" if in_time else "executed")
    assert balance(accounts.DEPOSITS) == (50 * MICRO if in_time else 0)
    assert audit() == []
