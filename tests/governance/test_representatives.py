"""Representatives: naming, counting, the dispute of the own node, tallies, API and audit (R57)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from governance.models import Dispute, Proposal, Representative, Vote
from governance.selectors.representation import representative_of
from governance.selectors.tallies import counts
from governance.services.disputes import open_dispute
from governance.services.proposals import propose
from governance.services.representatives import name_representatives
from governance.services.votes import vote_dispute, vote_proposal
from identity.tokens import issue
from protocol import errors
from protocol.addresses import checksum
from protocol.amounts import MICRO
from settlement.audit import audit
from staking.models import Event
from staking.services import clock
from tests.governance import scenario
from tests.governance.scenario import ANN, BEN, CAT, DAN, HONEST, NILS, OLGA
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db


def name(wallet: str, **named: str | None) -> None:
    name_representatives(wallet=wallet, named=named, now=scenario.now())


def dispute() -> Dispute:
    slash = scenario.slash_node()
    return open_dispute(slash=slash.pk, reason="No.", actor=OLGA, now=scenario.now())


def proposal() -> Proposal:
    changes = {"quorum_bps": 2_000}
    return propose(title="T", body="", changes=changes, wallet=NILS, now=scenario.now())


def vote(ballot: Dispute | Proposal, wallet: str, choice: str) -> Vote:
    more = {"choice": choice, "reason": "", "wallet": wallet, "now": scenario.now()}
    if isinstance(ballot, Dispute):
        return vote_dispute(dispute=ballot.pk, **more)
    return vote_proposal(proposal=ballot.pk, **more)


def tally(ballot: Dispute | Proposal) -> tuple[dict[str, int], dict[str, int]]:
    """Counted and represented power in IFM by choice, without zeros."""
    count = counts([type(ballot).objects.get(pk=ballot.pk)])[ballot.pk]
    whole, part = (
        {choice: power // MICRO for choice, power in powers.items() if power}
        for powers in (count.tally, count.represented)
    )
    return whole, part


def close(ballot: Dispute | Proposal) -> str:
    while scenario.epoch().number <= ballot.closes_epoch:
        scenario.settle()
    assert audit() == []
    ballot.refresh_from_db()
    return ballot.status


@shared
def network() -> None:
    """Ann has 400, Ben 300, Cat 200 IFM; Olga and Nils 1,000 each."""
    scenario.begin()


@pytest.mark.usefixtures("network")
def test_a_representative_applies_to_votes_opened_from_the_next_epoch_on() -> None:
    name(ANN, disputes=BEN)
    early = proposal()
    name(ANN, proposals=BEN)
    late = dispute()
    for ballot, choice in ((early, "for"), (late, "overturn")):
        vote(ballot, BEN, choice)
    assert tally(early) == ({"for": 300}, {})
    assert tally(late) == ({"overturn": 700}, {"overturn": 400})
    second = proposal()
    vote(second, BEN, "against")
    assert tally(second) == ({"against": 700}, {"against": 400})


@pytest.mark.usefixtures("network")
def test_a_kind_of_votes_has_its_own_representative() -> None:
    name(ANN, disputes=BEN, proposals=CAT)
    scenario.settle()
    ballot = proposal()
    vote(ballot, BEN, "for")
    assert tally(ballot) == ({"for": 300}, {})
    vote(ballot, CAT, "against")
    assert tally(ballot) == ({"for": 300, "against": 600}, {"against": 400})


@pytest.mark.usefixtures("network")
def test_the_own_vote_replaces_that_of_the_representative() -> None:
    name(ANN, disputes=BEN)
    ballot = dispute()
    vote(ballot, BEN, "overturn")
    vote(ballot, ANN, "abstain")
    assert tally(ballot) == ({"overturn": 300, "abstain": 400}, {})
    assert close(ballot) == "overturned"
    assert list(Vote.objects.order_by("power").values_list("represented", flat=True)) == [0, 0]


@pytest.mark.usefixtures("network")
def test_represented_power_decides_and_is_stored_at_the_count() -> None:
    name(ANN, disputes=CAT)
    name(NILS, disputes=CAT)
    ballot = dispute()
    vote(ballot, CAT, "uphold")
    vote(ballot, BEN, "overturn")
    assert tally(ballot) == ({"uphold": 1_600, "overturn": 300}, {"uphold": 1_400})
    assert Vote.objects.get(wallet=CAT).represented == 0
    assert close(ballot) == "upheld"
    stored = Vote.objects.get(wallet=CAT)
    assert (stored.power, stored.represented, stored.represented_wallets) == (
        200 * MICRO,
        1_400 * MICRO,
        2,
    )
    assert tally(ballot) == ({"uphold": 1_600, "overturn": 300}, {"uphold": 1_400})


@pytest.mark.usefixtures("network")
def test_represented_power_is_not_passed_on() -> None:
    name(ANN, disputes=BEN)
    name(BEN, disputes=CAT)
    ballot = dispute()
    vote(ballot, CAT, "overturn")
    assert tally(ballot) == ({"overturn": 500}, {"overturn": 300})


@pytest.mark.usefixtures("network")
def test_the_operator_is_not_represented_in_the_dispute_of_its_node() -> None:
    name(OLGA, disputes=BEN, proposals=BEN)
    ballot = dispute()
    vote(ballot, BEN, "overturn")
    assert tally(ballot) == ({"overturn": 300}, {})
    assert representative_of(ballot, OLGA) is None
    other = proposal()
    vote(other, BEN, "for")
    assert tally(other) == ({"for": 1_300}, {"for": 1_000})


@pytest.mark.usefixtures("network")
def test_the_operator_represents_nobody_in_the_dispute_of_its_node() -> None:
    name(ANN, disputes=OLGA)
    ballot = dispute()
    with pytest.raises(errors.ConflictOfInterest):
        vote(ballot, OLGA, "overturn")
    vote(ballot, ANN, "overturn")
    assert tally(ballot) == ({"overturn": 400}, {})


@pytest.mark.usefixtures("network")
def test_a_representative_without_stake_votes_with_the_power_it_represents() -> None:
    ballot = proposal()
    with pytest.raises(errors.NoVotingPower):
        vote(ballot, DAN, "for")
    name(ANN, proposals=DAN)
    with pytest.raises(errors.NoVotingPower):
        vote(ballot, DAN, "for")
    scenario.settle()
    later = proposal()
    cast = vote(later, DAN, "for")
    assert cast.power == 0
    assert tally(later) == ({"for": 400}, {"for": 400})
    assert close(later) == "passed"


@pytest.mark.usefixtures("network")
def test_a_vote_can_be_changed_after_all_represented_wallets_have_voted() -> None:
    name(ANN, disputes=DAN, proposals=DAN)
    ballots = (dispute(), proposal())
    for ballot, choices in zip(ballots, (("uphold", "overturn"), ("against", "for")), strict=True):
        vote(ballot, DAN, choices[0])
        vote(ballot, ANN, choices[0])
        assert vote(ballot, DAN, choices[1]).power == 0
        assert tally(ballot) == ({choices[0]: 400}, {})
        with pytest.raises(errors.NoVotingPower):
            vote(ballot, scenario.address(0x77), choices[0])


@pytest.mark.usefixtures("network")
def test_power_is_that_of_the_snapshot_of_each_vote() -> None:
    name(ANN, proposals=BEN)
    scenario.settle()
    first = proposal()
    scenario.fund_and_delegate(ANN, 50 * MICRO, HONEST)
    scenario.settle()
    second = proposal()
    for ballot in (first, second):
        vote(ballot, BEN, "for")
    assert (tally(first)[1], tally(second)[1]) == ({"for": 400}, {"for": 450})


@pytest.mark.usefixtures("network")
def test_a_representative_can_be_changed_and_taken_back() -> None:
    name(ANN, proposals=BEN)
    scenario.settle()
    name(ANN, proposals=CAT)
    name(ANN, proposals=None)
    name(ANN, proposals=DAN)
    assert rows() == [(BEN, 2 + 1, 4), (DAN, 4, None)]
    name(ANN, proposals=BEN)
    assert rows() == [(BEN, 3, None)]
    name(ANN, proposals=None)
    assert rows() == [(BEN, 3, 4)]
    scenario.settle()
    ballot = proposal()
    vote(ballot, BEN, "for")
    assert tally(ballot) == ({"for": 300}, {})


def rows() -> list[tuple[str, int, int | None]]:
    named = Representative.objects.filter(wallet=ANN).order_by("from_epoch")
    return list(named.values_list("representative", "from_epoch", "until_epoch"))


@pytest.mark.usefixtures("network")
def test_naming_is_safe_to_repeat_and_recorded_once() -> None:
    for _ in range(3):
        name(ANN, disputes=BEN, proposals=BEN)
    assert Representative.objects.count() == 2
    events = Event.objects.filter(kind="representative_named")
    assert [(event.wallet, event.data["votes"]) for event in events.order_by("id")] == [
        (BEN, "disputes"),
        (BEN, "proposals"),
    ]


@pytest.mark.usefixtures("network")
def test_a_wallet_cannot_represent_itself() -> None:
    with pytest.raises(errors.Invalid) as refusal:
        name(ANN, disputes=BEN, proposals=ANN)
    assert refusal.value.field == "proposals"
    assert not Representative.objects.exists()


@pytest.mark.usefixtures("network")
def test_the_query_count_of_the_count_does_not_grow_with_the_wallets() -> None:
    name(ANN, disputes=CAT)
    ballot = dispute()
    vote(ballot, CAT, "uphold")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            tally(ballot)
        return len(captured)

    few = queries()
    for number in range(5):
        wallet = scenario.address(0x200 + number)
        scenario.fund_and_delegate(wallet, (number + 1) * MICRO)
        name(wallet, disputes=CAT)
    assert queries() == few
    later = dispute()
    vote(later, CAT, "overturn")
    assert tally(later) == ({"overturn": 615}, {"overturn": 415})


# API


@pytest.fixture
def clients(settings, network) -> dict[str, APIClient]:
    settings.INFRAMIND_RATE_LIMITS = False
    scenario.advance_clock()
    clients = {}
    for wallet in (ANN, BEN):
        clients[wallet] = APIClient()
        secret, _ = issue(wallet=wallet, scope="write", now=clock.now())
        clients[wallet].credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return clients


def post(client: APIClient, body: Any) -> tuple[int, dict[str, Any]]:
    answer = client.post("/api/v1/representatives", body, format="json")
    return answer.status_code, answer.json()


def read(wallet: str) -> dict[str, Any]:
    return APIClient().get(f"/api/v1/wallets/{wallet}/representatives").json()


def test_representatives_are_named_and_read_by_the_api(clients: dict[str, APIClient]) -> None:
    status, answer = post(clients[ANN], {"disputes": checksum(BEN), "proposals": None})
    assert (status, answer["disputes"], answer["proposals"]) == (200, checksum(BEN), None)
    assert answer == read(ANN)
    assert answer["in_force"] == {"disputes": None, "proposals": None}
    assert answer["from_epoch"] == {"disputes": 3, "proposals": None}
    scenario.settle()
    assert read(ANN)["in_force"]["disputes"] == checksum(BEN)
    assert read(BEN)["represents"] == {
        "disputes": {"power": "400.000000", "wallets": 1},
        "proposals": {"power": "0.000000", "wallets": 0},
    }
    assert post(clients[ANN], {"proposals": CAT})[1]["disputes"] == checksum(BEN)
    assert post(clients[ANN], {"disputes": None})[1]["disputes"] is None


def test_wallets_without_power_are_not_counted_as_represented(clients: dict[str, APIClient]) -> None:
    for wallet in (ANN, DAN):
        name(wallet, disputes=BEN)
    scenario.settle()
    assert read(BEN)["represents"]["disputes"] == {"power": "400.000000", "wallets": 1}


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "invalid", "disputes"),
        ([], "invalid", None),
        ({"disputes": "0x12"}, "address_invalid", "disputes"),
        ({"proposals": 5}, "address_invalid", "proposals"),
        ({"disputes": "0xAbCDEF0000000000000000000000000000000001"}, "address_invalid", "disputes"),
        ({"disputes": ANN}, "invalid", "disputes"),
    ],
)
def test_an_invalid_request_names_nobody(
    clients: dict[str, APIClient], body: Any, code: str, field: str | None
) -> None:
    status, answer = post(clients[ANN], body)
    assert (status, answer["code"]) == (400, code)
    assert [error["field"] for error in answer.get("errors", [])] == ([field] if field else [])
    assert not Representative.objects.exists()


def test_naming_requires_a_token(network) -> None:
    assert post(APIClient(), {"disputes": BEN})[1]["code"] == "unauthenticated"
    assert APIClient().get("/api/v1/representatives").status_code == 405
    assert APIClient().get("/api/v1/wallets/0x12/representatives").json()["code"] == "address_invalid"


def test_tallies_and_votes_show_the_represented_power(clients: dict[str, APIClient]) -> None:
    post(clients[ANN], {"disputes": BEN})
    ballot = dispute()
    scenario.advance_clock()
    vote(ballot, BEN, "overturn")
    shown = APIClient().get(f"/api/v1/disputes/{ballot.pk}").json()
    assert shown["tally"] == {
        "uphold": "0.000000",
        "overturn": "700.000000",
        "abstain": "0.000000",
        "represented": {"uphold": "0.000000", "overturn": "400.000000", "abstain": "0.000000"},
    }
    assert (shown["turnout"], shown["voters"], shown["represented_wallets"]) == ("700.000000", 1, 1)
    [cast] = shown["votes"]
    assert (cast["power"], cast["represented"], cast["represented_wallets"]) == (
        "300.000000",
        "400.000000",
        1,
    )
    close(ballot)
    assert APIClient().get(f"/api/v1/disputes/{ballot.pk}").json()["tally"] == shown["tally"]


# Audit


def test_the_audit_finds_represented_power_that_differs_from_the_stake(network) -> None:
    name(ANN, disputes=BEN)
    ballot = dispute()
    vote(ballot, BEN, "overturn")
    close(ballot)
    Vote.objects.update(represented=400 * MICRO + 1)
    assert [fault.partition(":")[0] for fault in audit()] == ["9 represented power"]
    Vote.objects.update(represented=0, represented_wallets=0)
    assert "represents 0 of 0 wallets, by stake 400000000 of 1" in audit()[0]


def test_the_audit_finds_two_representatives_of_a_wallet(network) -> None:
    name(ANN, disputes=BEN)
    row = Representative.objects.get()
    Representative.objects.create(
        wallet=ANN, kind="disputes", representative=CAT, from_epoch=1, until_epoch=row.from_epoch + 1,
        named_at=scenario.now(),
    )  # fmt: skip
    assert audit() == [
        f"9 one representative: wallet {ANN} has two representatives for disputes in epoch {row.from_epoch}"
    ]
