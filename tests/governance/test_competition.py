"""Open proposals on the same parameter name each other and the one whose value applies in the end (R47)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from governance.models import Proposal
from governance.selectors.competition import competitors
from governance.services.proposals import propose
from governance.services.votes import vote_proposal
from tests.governance import scenario
from tests.governance.scenario import NILS, OLGA
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db


def proposal(changes: dict[str, Any], wallet: str = NILS) -> Proposal:
    return propose(title="Title", body="", changes=changes, wallet=wallet, now=scenario.now())


def named(first: Proposal) -> list[tuple[int, tuple[str, ...], bool]]:
    rows = competitors([Proposal.objects.get(pk=first.pk)])[first.pk]
    return [(row.proposal.pk, row.keys, row.wins) for row in rows]


@shared
def network() -> None:
    scenario.begin()


@pytest.mark.usefixtures("network")
def test_of_two_proposals_in_one_epoch_the_later_wins() -> None:
    first, second = proposal({"quorum_bps": 900}), proposal({"quorum_bps": 800, "min_amount": "2"})
    assert named(first) == [(second.pk, ("quorum_bps",), True)]
    assert named(second) == [(first.pk, ("quorum_bps",), False)]


@pytest.mark.usefixtures("network")
def test_proposals_on_different_numbers_of_a_table_do_not_compete() -> None:
    first = proposal({"tiers": [{"number": 1, "minimum": "600"}]})
    second = proposal({"tiers": [{"number": 2, "minimum": "3000"}]})
    third = proposal({"tiers": [{"number": 1, "bonus_bps": 1_100, "minimum": "700"}]})
    assert named(second) == []
    assert named(first) == [(third.pk, ("tiers.1.minimum",), True)]


@pytest.mark.usefixtures("network")
def test_a_proposal_that_is_executed_later_wins_whatever_its_number() -> None:
    slow = proposal({"quorum_bps": 900})
    Proposal.objects.filter(pk=slow.pk).update(timelock_epochs=9)
    fast = proposal({"quorum_bps": 800})
    assert named(fast) == [(slow.pk, ("quorum_bps",), True)]
    assert named(slow) == [(fast.pk, ("quorum_bps",), False)]


@pytest.mark.usefixtures("network")
def test_the_value_named_as_winner_is_in_force_in_the_end() -> None:
    first, second = proposal({"quorum_bps": 900}), proposal({"quorum_bps": 800}, OLGA)
    for one in (first, second):
        for wallet in (NILS, OLGA):
            vote_proposal(proposal=one.pk, choice="for", reason="", wallet=wallet, now=scenario.now())
    while scenario.epoch().number <= second.closes_epoch + second.timelock_epochs:
        scenario.settle()
    assert scenario.epoch().params.quorum_bps == 800
    assert named(first) == []


@pytest.mark.usefixtures("network")
def test_a_passed_proposal_competes_until_it_is_executed() -> None:
    first = proposal({"quorum_bps": 900})
    for wallet in (NILS, OLGA):
        vote_proposal(proposal=first.pk, choice="for", reason="", wallet=wallet, now=scenario.now())
    while scenario.epoch().number <= first.closes_epoch:
        scenario.settle()
    second = proposal({"quorum_bps": 800})
    assert named(first) == [(second.pk, ("quorum_bps",), True)]
    scenario.settle()
    assert named(second) == []


@pytest.mark.usefixtures("network")
def test_page_and_api_name_the_competing_proposal(django_assert_num_queries) -> None:
    first, second = proposal({"quorum_bps": 900}), proposal({"quorum_bps": 800})
    scenario.advance_clock()
    page = Client().get(f"/proposals/{first.pk}/").content.decode()
    assert f'href="/proposals/{second.pk}/"' in page
    assert "It also changes Quorum. If both pass, it is executed last" in page
    answer = APIClient().get(f"/api/v1/proposals/{second.pk}").json()
    assert answer["competing"] == [
        {"id": first.pk, "title": "Title", "parameters": ["quorum_bps"], "wins": False}
    ]
    with django_assert_num_queries(8):
        APIClient().get("/api/v1/proposals")
    for _ in range(3):
        proposal({"quorum_bps": 700})
    with django_assert_num_queries(8):
        APIClient().get("/api/v1/proposals")
