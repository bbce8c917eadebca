"""Proposals: threshold, outcome, timelock, execution (R47, S 6)."""

from __future__ import annotations

from typing import Any

import pytest

from governance.models import Proposal
from governance.services import proposals
from governance.services.proposals import propose
from governance.services.votes import vote_proposal
from protocol import errors
from protocol.amounts import MICRO
from settlement.audit import audit
from staking.models import Epoch, Event, ParameterSet
from staking.services.epochs import parameters_of
from tests.governance import scenario
from tests.governance.scenario import ANN, BEN, CAT, DAN, NILS, OLGA, SECOND
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db


def proposal(changes: dict[str, Any], **more: Any) -> Proposal:
    arguments = {"title": "More", "body": "", "changes": changes, "wallet": NILS, "now": scenario.now()}
    return propose(**(arguments | more))


def passed(changes: dict[str, Any]) -> Proposal:
    """One that will pass: both operators are for it."""
    made = proposal(changes)
    for wallet in (NILS, OLGA):
        vote(made, wallet, "for")
    return made


def vote(made: Proposal, wallet: str, choice: str) -> None:
    vote_proposal(proposal=made.pk, choice=choice, reason="", wallet=wallet, now=scenario.now())


def settle_until(number: int) -> None:
    """Settle the epochs up to `number`."""
    while scenario.epoch().number <= number:
        scenario.settle()


def in_force() -> Any:
    return scenario.epoch().params


@shared
def network() -> None:
    scenario.begin()


@pytest.mark.usefixtures("network")
def test_the_number_of_open_proposals_of_a_wallet_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposals, "MAX_OPEN", 2)
    for _ in range(2):
        proposal({"quorum_bps": 900})
    with pytest.raises(errors.RateLimited):
        proposal({"quorum_bps": 900})
    proposal({"quorum_bps": 900}, wallet=OLGA)
    settle_until(5)
    assert proposal({"quorum_bps": 900}).status == "voting"


@pytest.mark.usefixtures("network")
def test_the_terms_of_a_proposal_are_fixed_when_it_is_made() -> None:
    made = proposal({"quorum_bps": 2_000}, title=" Raise the quorum ", body="Because.")
    assert (made.title, made.body, made.proposer) == ("Raise the quorum", "Because.", NILS)
    assert (made.opened_epoch, made.closes_epoch, made.timelock_epochs) == (2, 5, 1)
    assert (made.quorum_bps, made.quorum_base, made.status) == (1_000, 2_900 * MICRO, "voting")


@pytest.mark.usefixtures("network")
def test_a_passed_proposal_is_executed_after_its_timelock() -> None:
    made = passed({"emission_per_epoch": "12000"})
    settle_until(5)
    made.refresh_from_db()
    assert (made.status, made.executes_epoch) == ("passed", 6)
    assert in_force().emission_per_epoch == 10_000 * MICRO
    settle_until(6)
    made.refresh_from_db()
    assert (made.status, made.version) == ("executed", 2)
    assert in_force().emission_per_epoch == 12_000 * MICRO
    row = ParameterSet.objects.get(version=2)
    assert (row.from_epoch, row.proposal) == (7, made.pk)
    assert Epoch.objects.get(number=6).parameters_id == 1
    assert audit() == []
    kinds = Event.objects.filter(kind__startswith="proposal").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["proposal_opened", "proposal_passed", "proposal_executed"]


@pytest.mark.parametrize(
    ("votes", "status"),
    [
        ({NILS: "for"}, "passed"),
        ({NILS: "for", OLGA: "against"}, "rejected"),
        ({NILS: "for", OLGA: "against", ANN: "for"}, "passed"),
        ({CAT: "for"}, "rejected"),
        ({CAT: "for", BEN: "abstain"}, "passed"),
        ({NILS: "abstain", OLGA: "abstain"}, "rejected"),
        ({}, "rejected"),
    ],
)
def test_outcomes_follow_the_votes(votes: dict[str, str], status: str) -> None:
    scenario.begin()
    made = proposal({"quorum_bps": 2_000})
    for wallet, choice in votes.items():
        vote(made, wallet, choice)
    settle_until(made.closes_epoch)
    made.refresh_from_db()
    assert made.status == status


@pytest.mark.parametrize(("power", "status"), [(290 * MICRO, "passed"), (290 * MICRO - 1, "rejected")])
def test_one_micro_decides_the_quorum(power: int, status: str) -> None:
    scenario.begin({ANN: power, BEN: 900 * MICRO - power})
    made = proposal({"quorum_bps": 2_000})
    vote(made, ANN, "for")
    settle_until(made.closes_epoch)
    made.refresh_from_db()
    assert made.status == status


@pytest.mark.parametrize(("power", "may"), [(1_000 * MICRO, True), (1_000 * MICRO - 1, False)])
def test_a_proposal_requires_the_threshold(power: int, may: bool) -> None:
    scenario.begin({ANN: power})
    if may:
        assert proposal({"quorum_bps": 2_000}, wallet=ANN).pk
    else:
        with pytest.raises(errors.NoVotingPower):
            proposal({"quorum_bps": 2_000}, wallet=ANN)


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"title": ""}, errors.Invalid),
        ({"title": "x" * 121}, errors.Invalid),
        ({"title": 5}, errors.Invalid),
        ({"title": "two\nlines"}, errors.Invalid),
        ({"title": "\N{RIGHT-TO-LEFT OVERRIDE}desreveR"}, errors.Invalid),
        ({"body": "\x1b[2J"}, errors.Invalid),
        ({"body": None}, errors.Invalid),
        ({"changes": {}}, errors.Invalid),
        ({"changes": []}, errors.Invalid),
        ({"changes": {"quorum_bps": 1_000}}, errors.Invalid),
        ({"changes": {"emission_per_epoch": "10000"}}, errors.Invalid),
        ({"changes": {"emission_per_epoch": "12000", "quorum_bps": 1_000}}, errors.Invalid),
        ({"changes": {"tiers": [{"number": 1, "minimum": "500.0"}]}}, errors.Invalid),
        ({"changes": {"tiers": [{"number": 1, "minimum": "600", "bonus_bps": 1_000}]}}, errors.Invalid),
        ({"changes": {"tiers": [{"number": 1}]}}, errors.Invalid),
        ({"changes": {"offences": [{"name": "dropout", "self_bps": 1_500}]}}, errors.Invalid),
        (
            {"changes": {"offences": [{"name": "dropout", "self_bps": bps} for bps in (1_000, 1_500)]}},
            errors.Invalid,
        ),
        ({"changes": {"nothing": 1}}, errors.ParameterOutOfBounds),
        ({"changes": {"quorum_bps": 99}}, errors.ParameterOutOfBounds),
        ({"changes": {"quorum_bps": True}}, errors.ParameterOutOfBounds),
        ({"changes": {"quorum_bps": "2000"}}, errors.ParameterOutOfBounds),
        ({"changes": {"emission_per_epoch": 12_000}}, errors.ParameterOutOfBounds),
        ({"changes": {"slash_burn_bps": 6_000}}, errors.ParameterOutOfBounds),
        ({"changes": {"unbonding_seconds": 180}}, errors.ParameterOutOfBounds),
        ({"wallet": DAN}, errors.NoVotingPower),
        ({"wallet": DAN, "changes": {"quorum_bps": 99}}, errors.ParameterOutOfBounds),
    ],
)
def test_an_invalid_request_is_refused(more: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        proposal(**({"changes": {"quorum_bps": 2_000}} | more))
    assert not Proposal.objects.exists()


@pytest.mark.usefixtures("network")
def test_tables_and_the_split_can_be_changed() -> None:
    made = passed(
        {
            "slash_burn_bps": 4_000,
            "slash_honest_bps": 3_500,
            "tiers": [{"number": 1, "minimum": "600", "bonus_bps": 1_200}],
            "offences": [{"name": "dropout", "delegated_bps": 500}],
        }
    )
    settle_until(made.closes_epoch + 1)
    params = in_force()
    assert (params.slash_burn_bps, params.slash_honest_bps) == (4_000, 3_500)
    assert (params.tiers[1].minimum, params.tiers[1].bonus_bps) == (600 * MICRO, 1_200)
    assert (params.offences[3].self_bps, params.offences[3].delegated_bps) == (1_500, 500)


@pytest.mark.usefixtures("network")
def test_proposals_due_together_are_executed_by_id() -> None:
    first = passed({"slash_burn_bps": 4_000, "slash_honest_bps": 3_500})
    second = passed({"quorum_bps": 2_000})
    third = passed({"quorum_bps": 3_000})
    settle_until(first.closes_epoch + 1)
    params = in_force()
    assert (params.slash_burn_bps, params.quorum_bps) == (4_000, 3_000)
    versions = [Proposal.objects.get(pk=made.pk).version for made in (first, second, third)]
    assert versions == [2, 3, 4]


@pytest.mark.usefixtures("network")
def test_a_proposal_out_of_bounds_expires_and_the_next_is_executed() -> None:
    first = passed({"sla_threshold_bps": 9_400})
    second = passed({"sla_full_bps": 9_000})
    third = passed({"quorum_bps": 2_000})
    settle_until(first.closes_epoch + 1)
    states = [Proposal.objects.get(pk=made.pk).status for made in (first, second, third)]
    assert states == ["executed", "expired", "executed"]
    params = in_force()
    assert (params.sla_threshold_bps, params.sla_full_bps, params.quorum_bps) == (9_400, 9_500, 2_000)
    assert Event.objects.filter(kind="proposal_expired").count() == 1
    assert ParameterSet.objects.count() == 3


def test_without_a_timelock_a_proposal_is_executed_when_it_passes(settings) -> None:
    settings.INFRAMIND_PARAMETERS = {"timelock_epochs": 0, "proposal_voting_epochs": 1}
    scenario.begin()
    made = passed({"quorum_bps": 2_000})
    settle_until(made.closes_epoch)
    made.refresh_from_db()
    assert (made.status, made.executes_epoch, in_force().quorum_bps) == ("executed", 3, 2_000)


def test_passed_and_waiting_proposals_are_executed_by_id(settings) -> None:
    settings.INFRAMIND_PARAMETERS = {"timelock_epochs": 1, "proposal_voting_epochs": 1}
    scenario.begin()
    slow = passed({"timelock_epochs": 0, "quorum_bps": 2_000})  # votes in 2 and 3, acts in 4
    settle_until(4)
    assert in_force().timelock_epochs == 0
    waited = passed({"quorum_bps": 2_500})
    settle_until(6)
    assert (in_force().quorum_bps, slow.pk < waited.pk) == (2_500, True)


def test_open_votes_and_unbondings_keep_their_terms(settings) -> None:
    """Quorum, close and timelock are those of the opening, whatever is decided meanwhile (R44)."""
    settings.INFRAMIND_PARAMETERS = {"timelock_epochs": 0, "proposal_voting_epochs": 1}
    scenario.begin()
    harder = passed({"quorum_bps": 5_000, "proposal_voting_epochs": 5, "timelock_epochs": 9})
    scenario.settle()
    running = proposal({"sla_min_jobs": 20})
    settle_until(harder.closes_epoch)
    assert in_force().quorum_bps == 5_000
    vote(running, NILS, "for")
    settle_until(running.closes_epoch)
    running.refresh_from_db()
    assert (running.quorum_bps, running.status) == (1_000, "executed")


@pytest.mark.usefixtures("network")
def test_the_length_of_the_open_epoch_does_not_change() -> None:
    made = passed({"epoch_seconds": 43_200})
    settle_until(made.closes_epoch + 1)
    open_now = scenario.epoch()
    assert (open_now.end - open_now.start).total_seconds() == 43_200
    former = Epoch.objects.get(number=open_now.number - 1)
    assert (former.end - former.start).total_seconds() == 86_400
    assert parameters_of(former.parameters.digest).epoch_seconds == 86_400


@pytest.mark.usefixtures("network")
def test_votes_are_accepted_until_the_last_second() -> None:
    made = proposal({"quorum_bps": 2_000})
    settle_until(made.closes_epoch - 1)
    cast = {"proposal": made.pk, "choice": "for", "reason": "Yes.", "wallet": ANN}
    assert vote_proposal(**cast, now=scenario.epoch().end - SECOND / 1_000).reason == "Yes."
    with pytest.raises(errors.VoteClosed):
        vote_proposal(**cast, now=scenario.epoch().end)
    scenario.settle()
    with pytest.raises(errors.VoteClosed):
        vote_proposal(**cast, now=scenario.now())


@pytest.mark.usefixtures("network")
def test_votes_that_close_next_are_recorded_as_events() -> None:
    made = proposal({"quorum_bps": 2_000})
    settle_until(made.closes_epoch - 2)
    assert not Event.objects.filter(kind="vote_closing").exists()
    scenario.settle()
    assert Event.objects.get(kind="vote_closing").data["proposal"] == made.pk


def test_at_a_threshold_of_0_a_proposal_without_votes_is_rejected(settings) -> None:
    settings.INFRAMIND_PARAMETERS = {"proposal_threshold": "0", "proposal_voting_epochs": 1}
    scenario.begin()
    made = proposal({"quorum_bps": 2_000}, wallet=DAN)
    with pytest.raises(errors.NoVotingPower):
        vote(made, DAN, "for")
    settle_until(made.closes_epoch)
    made.refresh_from_db()
    assert made.status == "rejected"
