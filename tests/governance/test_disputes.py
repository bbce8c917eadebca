"""Opening a dispute: rights, window, once for each slash, deposit (R33)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.models import Dispute
from governance.services.disputes import add_evidence, open_dispute
from governance.services.votes import vote_dispute
from ledger import accounts
from ledger.selectors import balance
from protocol import errors
from protocol.amounts import MICRO
from staking.models import Event, Slash
from tests.governance import scenario
from tests.governance.scenario import ANN, OLGA, SECOND
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db

DEPOSIT = 50 * MICRO


@shared
def slash() -> Slash:
    scenario.begin()
    return scenario.slash_node()


def dispute(disputed: Slash, actor: str = OLGA, **changes: object) -> Dispute:
    arguments = {
        "slash": disputed.pk,
        "reason": "The oracle read another machine.",
        "actor": actor,
        "now": scenario.now(),
    }
    return open_dispute(**(arguments | changes))  # type: ignore[arg-type]


def test_opening_a_dispute_pays_the_deposit_and_fixes_its_terms(slash: Slash) -> None:
    before = scenario.wallet(OLGA)
    opened = dispute(slash)
    slash.refresh_from_db()
    assert (before - scenario.wallet(OLGA), balance(accounts.DEPOSITS)) == (DEPOSIT, DEPOSIT)
    assert (slash.status, slash.due_epoch) == ("disputed", slash.epoch + 2)
    assert (opened.closes_epoch, opened.opened_epoch) == (slash.epoch + 2, slash.epoch + 1)
    assert (opened.quorum_bps, opened.quorum_base, opened.deposit) == (1_000, 2_900 * MICRO, DEPOSIT)
    assert Event.objects.get(kind="dispute_opened").data["dispute"] == opened.pk


def test_the_quorum_base_ignores_stake_added_in_the_epoch(slash: Slash) -> None:
    scenario.fund_and_delegate(ANN, 500 * MICRO)
    assert dispute(slash).quorum_base == 2_900 * MICRO


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"reason": "  "}, errors.Invalid),
        ({"reason": None}, errors.Invalid),
        ({"reason": "a\x00b"}, errors.Invalid),
        ({"reason": "a\x01b"}, errors.Invalid),
        ({"reason": "a\x9bb"}, errors.Invalid),
        ({"reason": "\ud800"}, errors.Invalid),
        ({"reason": "x" * 4_001}, errors.Invalid),
        ({"slash": 0}, errors.NotFound),
        ({"actor": ANN}, errors.NotOperator),
    ],
)
def test_an_invalid_request_is_refused(
    slash: Slash, changes: dict[str, object], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        dispute(slash, **changes)
    assert not Dispute.objects.exists()
    assert balance(accounts.DEPOSITS) == 0


def test_a_slash_is_disputed_once(slash: Slash) -> None:
    dispute(slash)
    with pytest.raises(errors.AlreadyDisputed):
        dispute(slash)


def test_a_decided_slash_cannot_be_disputed_again(slash: Slash) -> None:
    dispute(slash)
    scenario.settle()
    scenario.settle()
    with pytest.raises(errors.AlreadyDisputed):
        dispute(slash)


def test_a_dispute_is_accepted_at_the_last_moment_of_the_window(slash: Slash) -> None:
    assert dispute(slash, now=scenario.epoch().end - SECOND / 1_000).pk


def test_a_dispute_is_refused_after_the_window_before_settlement(slash: Slash) -> None:
    with pytest.raises(errors.DisputeWindowClosed):
        dispute(slash, now=scenario.epoch().end)


def test_a_late_settlement_does_not_extend_the_window() -> None:
    scenario.begin()
    scenario.commit_offence()
    open_now = scenario.epoch()
    scenario.settle()
    slash = Slash.objects.get()
    with pytest.raises(errors.DisputeWindowClosed):
        dispute(slash, now=open_now.end + 3 * (open_now.end - open_now.start))


def test_an_executed_slash_cannot_be_disputed(slash: Slash) -> None:
    scenario.settle()
    slash.refresh_from_db()
    assert slash.status == "executed"
    with pytest.raises(errors.DisputeWindowClosed):
        dispute(slash)


def test_a_dispute_without_the_deposit_is_refused(slash: Slash) -> None:
    from staking.services.stakes import stake

    stake(node=scenario.SLASHED, amount=scenario.wallet(OLGA) - DEPOSIT + 1, actor=OLGA, now=scenario.now())
    with pytest.raises(errors.InsufficientBalance):
        dispute(slash)
    assert Slash.objects.get(pk=slash.pk).status == "pending"


def test_evidence_can_be_added_until_the_vote_ends(slash: Slash) -> None:
    opened = dispute(slash)
    arguments = {"dispute": opened.pk, "text": "Our log", "link": "https://example.org/log", "actor": OLGA}
    assert add_evidence(**arguments, now=scenario.now()).link == "https://example.org/log"
    scenario.settle()
    add_evidence(**arguments, now=scenario.epoch().end - SECOND)
    with pytest.raises(errors.VoteClosed):
        add_evidence(**arguments, now=scenario.epoch().end)
    scenario.settle()
    with pytest.raises(errors.VoteClosed):
        add_evidence(**arguments, now=scenario.now())
    assert opened.evidence.count() == 2


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"actor": ANN}, errors.NotOperator),
        ({"dispute": 0}, errors.NotFound),
        ({"text": ""}, errors.Invalid),
        ({"link": "javascript:alert(1)"}, errors.Invalid),
        ({"link": "example.org"}, errors.Invalid),
    ],
)
def test_invalid_evidence_is_refused(
    slash: Slash, changes: dict[str, object], refusal: type[Exception]
) -> None:
    arguments = {
        "dispute": dispute(slash).pk,
        "text": "Our log",
        "link": "",
        "actor": OLGA,
        "now": scenario.now(),
    }
    with pytest.raises(refusal):
        add_evidence(**(arguments | changes))  # type: ignore[arg-type]


def test_the_number_of_pieces_of_evidence_is_limited(slash: Slash) -> None:
    opened = dispute(slash)
    arguments = {"dispute": opened.pk, "text": "More", "link": "", "actor": OLGA, "now": scenario.now()}
    for _ in range(20):
        add_evidence(**arguments)
    with pytest.raises(errors.Invalid):
        add_evidence(**arguments)


def test_a_vote_ends_with_its_epoch_by_the_clock(slash: Slash) -> None:
    opened = dispute(slash)
    scenario.settle()
    cast = {"dispute": opened.pk, "choice": "uphold", "reason": "", "wallet": ANN}
    assert vote_dispute(**cast, now=scenario.epoch().end - SECOND / 1_000).power == 400 * MICRO
    with pytest.raises(errors.VoteClosed):
        vote_dispute(**cast, now=scenario.epoch().end)


def test_the_query_count_of_disputes_and_votes_is_constant() -> None:
    """Opening reads one row for the base; a vote reads the voter's own positions."""

    def cost(slash: Slash) -> tuple[int, int]:
        with CaptureQueriesContext(connection) as opening:
            opened = dispute(slash)
        with CaptureQueriesContext(connection) as voting:
            vote_dispute(dispute=opened.pk, choice="uphold", reason="", wallet=ANN, now=scenario.now())
        return len(opening), len(voting)

    scenario.begin()
    small = cost(scenario.slash_node())
    for number in range(20):
        scenario.run_node(scenario.address(0xB0 + number), scenario.address(0xE0 + number), 10 * MICRO)
        scenario.fund_and_delegate(
            scenario.address(0xF0 + number), 5 * MICRO, node=scenario.address(0xB0 + number)
        )
    assert cost(scenario.slash_node()) == small
