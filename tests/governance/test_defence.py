"""Effect of a dispute: its expected value, and the warning when it cannot change the amount."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from governance.dispute_odds import Outcomes, break_even_bps, expected_value
from governance.models import Dispute
from governance.pages import labels
from governance.pages.defence import no_effect
from governance.selectors.defence import defence_of, outcomes_of_disputes
from governance.services.disputes import open_dispute
from governance.services.votes import vote_dispute
from protocol.amounts import MICRO
from staking.models import Demand, Node, Slash
from staking.selectors.slash_groups import Loss, group_of
from tests.governance import scenario
from tests.governance.scenario import ANN, BEN, OLGA, SLASHED
from tests.governance.site import browser, page
from tests.network import JOB, OUTCOMES, PROOFS
from tests.shared_rows import shared

pytestmark = pytest.mark.django_db


def drop_a_job() -> None:
    """Record a dropped job of the slashed node in the open epoch."""
    epoch = scenario.epoch().number
    row = [100, 2_000, 1_000, scenario.now(), epoch, Node.objects.get(address=SLASHED).id, OUTCOMES.index("dropped"),
           PROOFS.index("valid"), 0, False, "eu-west", f"job-{epoch}"]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT staking_open_partition(%s)", [epoch])
        cursor.execute(JOB, row)
    Demand.objects.create(epoch=epoch, region="eu-west", jobs=1)


@shared
def slashes() -> dict[str, Slash]:
    """Two slashes of one epoch on 1,000 IFM of own stake: dropout takes 15%, fake resources 25%."""
    scenario.begin()
    drop_a_job()
    scenario.commit_offence()
    scenario.settle()
    scenario.advance_clock()
    return {slash.offence: slash for slash in Slash.objects.select_related("node")}


def test_the_expected_value_weighs_the_stake_saved_against_the_deposit() -> None:
    outcomes = Outcomes(overturned=3, upheld=1, no_quorum=1)
    assert outcomes.decided == 5
    assert expected_value(outcomes, saved=100 * MICRO, deposit=50 * MICRO) == 50 * MICRO
    assert expected_value(Outcomes(upheld=3), saved=100, deposit=50) == -50
    assert expected_value(Outcomes(overturned=1, upheld=2), saved=0, deposit=50) == -34
    assert expected_value(Outcomes(), saved=100, deposit=50) is None


def test_the_break_even_probability_is_rounded_up() -> None:
    assert break_even_bps(saved=100, deposit=50) == 3_334
    assert break_even_bps(saved=100, deposit=0) == 0
    assert break_even_bps(saved=0, deposit=50) is None


def test_decided_disputes_are_counted_by_outcome(slashes: dict[str, Slash]) -> None:
    slash = slashes["fake_resources"]
    dispute = open_dispute(slash=slash.pk, reason="Wrong", actor=OLGA, now=scenario.now())
    assert outcomes_of_disputes("fake_resources") == Outcomes()
    for wallet in (ANN, BEN):
        vote_dispute(dispute=dispute.pk, choice="overturn", reason="", wallet=wallet, now=scenario.now())
    while Dispute.objects.get().status == "voting":
        scenario.settle()
    assert outcomes_of_disputes("fake_resources") == Outcomes(overturned=1)
    assert outcomes_of_disputes("dropout") == Outcomes()


def test_a_dispute_of_the_lower_rate_saves_nothing(slashes: dict[str, Slash]) -> None:
    group = group_of(slashes["dropout"])
    lower = defence_of(slashes["dropout"], group, deposit=50 * MICRO)
    higher = defence_of(slashes["fake_resources"], group, deposit=50 * MICRO)
    assert (lower.saved, lower.changes_amount, lower.break_even_bps) == (Loss(0, 0), False, None)
    assert (higher.saved, higher.changes_amount) == (Loss(100 * MICRO, 0), True)
    assert higher.break_even_bps == 3_334


def test_the_page_warns_the_operator_before_a_deposit_that_changes_nothing(slashes: dict[str, Slash]) -> None:
    where = f"/slashes/{slashes['dropout'].pk}/"
    html = page(where, OLGA)
    assert (
        "As long as Faked resources in the same epoch stands, this dispute does not change the amount. If it is "
        "overturned too, this dispute saves 150.00 IFM." in html
    )
    assert "in any case" not in html
    assert "If it is overturned, nothing else ends either." in html
    assert "All slashes of epoch 2" in html
    assert "Is a dispute worth the deposit?" not in page(where, ANN)
    review = _review(where)
    assert "this dispute does not change the amount" in review


def test_what_an_executed_slash_took_is_taken_in_any_case(slashes: dict[str, Slash]) -> None:
    open_dispute(slash=slashes["dropout"].pk, reason="Wrong", actor=OLGA, now=scenario.now())
    scenario.settle()
    dropout, higher = (Slash.objects.get(offence=name) for name in ("dropout", "fake_resources"))
    assert (dropout.status, higher.status) == ("disputed", "executed")
    assert no_effect(dropout, group_of(dropout)) == (
        "This dispute cannot change the amount: Faked resources in the same epoch took 250.00 IFM in any case."
    )


def test_of_two_slashes_with_one_rate_each_names_what_disputing_both_saves(slashes: dict[str, Slash]) -> None:
    group = group_of(slashes["dropout"])
    for slash in group.slashes:
        slash.self_bps = 2_500
    for slash, other in zip(group.slashes, reversed(group.slashes), strict=True):
        assert group.saved_without(slash).total == 0
        assert no_effect(slash, group) == (
            f"As long as {labels.offence(other.offence)} in the same epoch stands, this dispute does not change the "
            "amount. If it is overturned too, this dispute saves 250.00 IFM."
        )


def test_the_page_of_the_higher_rate_says_what_a_dispute_can_save(slashes: dict[str, Slash]) -> None:
    where = f"/slashes/{slashes['fake_resources'].pk}/"
    html = page(where, OLGA)
    assert "cannot change the amount" not in html
    assert "100.00" in html
    assert f"the cooldown until epoch {slashes['fake_resources'].cooldown_until}" in html
    assert "No dispute about this offence has been decided" in html
    assert "nvidia-smi" in html
    assert "cannot change the amount" not in _review(where)


def test_voters_see_the_amount_that_other_slashes_take_anyway(slashes: dict[str, Slash]) -> None:
    dispute = open_dispute(slash=slashes["fake_resources"].pk, reason="Wrong", actor=OLGA, now=scenario.now())
    html = page(f"/disputes/{dispute.pk}/", ANN)
    assert "Other slashes of the epoch can still take 150.00 IFM; the deposit is returned" in html


def test_a_single_slash_has_no_table_of_the_epoch() -> None:
    scenario.begin()
    slash = scenario.slash_node()
    scenario.advance_clock()
    assert "All slashes of epoch" not in page(f"/slashes/{slash.pk}/", OLGA)


def test_the_vote_comes_before_the_tally_and_the_voters(slashes: dict[str, Slash]) -> None:
    dispute = open_dispute(slash=slashes["fake_resources"].pk, reason="Wrong", actor=OLGA, now=scenario.now())
    html = page(f"/disputes/{dispute.pk}/", ANN)
    assert html.index('id="vote"') < html.index('id="tally"') < html.index('id="votes"')


def _review(where: str) -> str:
    client: Client = browser(OLGA)
    answer = client.post(f"{where}dispute/", {"reason": "The measurement is wrong."})
    assert answer.status_code == 200, answer.content.decode()[-2_000:]
    return str(answer.content.decode())


def test_the_queries_do_not_depend_on_the_number_of_slashes_and_similar_cases(
    slashes: dict[str, Slash],
) -> None:
    olga = browser(OLGA)

    def count(slash: Slash) -> int:
        olga.get(f"/slashes/{slash.pk}/")
        with CaptureQueriesContext(connection) as queries:
            assert "Is a dispute worth the deposit?" in olga.get(f"/slashes/{slash.pk}/").content.decode()
        return len(queries)

    of_two = count(slashes["fake_resources"])
    scenario.commit_offence()
    open_dispute(slash=slashes["fake_resources"].pk, reason="Wrong", actor=OLGA, now=scenario.now())
    scenario.settle()
    scenario.settle()
    scenario.commit_offence()
    scenario.settle()
    scenario.advance_clock()
    assert count(Slash.objects.latest("id")) == of_two
