"""`/proposals/new/`: choose parameters, enter values in people's units, see the effect, review, confirm."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.models import Proposal, Vote
from governance.pages.parameter_fields import field_of
from governance.pages.parameter_labels import show
from governance.services.proposals import propose
from protocol.amounts import MICRO
from protocol.parameters import DEFAULTS, apply_changes, numbers_of, to_json
from tests.governance import scenario
from tests.governance.scenario import ANN, NILS
from tests.governance.site import browser, page, review
from tests.shared_rows import shared
from web.formatting import write_numbers
from web.number_input import canonical_number

NEW = "/proposals/new/"


@shared
def network() -> None:
    scenario.begin()
    scenario.settle()
    scenario.advance_clock()


def chosen(*keys: str) -> str:
    return NEW + "?values=1&" + "&".join(f"change={key}" for key in keys)


@pytest.mark.usefixtures("network")
def test_every_parameter_can_be_chosen_and_found_by_a_search() -> None:
    html = page(NEW, NILS)
    for key, _ in numbers_of(to_json(DEFAULTS)):
        assert f'value="{key}"' in html
    html = page(NEW + "?q=quorum&change=epoch_seconds", NILS)
    assert 'value="quorum_bps"' in html
    assert 'value="epoch_seconds" checked' in html
    assert 'value="min_amount"' not in html
    assert "No parameter matches" in page(NEW + "?q=nothing-like-this", NILS)
    part = browser(NILS).get(NEW + "?q=quorum", headers={"HX-Request": "true"}).content.decode()
    assert "<h1" not in part


@pytest.mark.usefixtures("network")
def test_only_the_chosen_parameters_have_a_field_in_their_own_unit() -> None:
    html = page(chosen("quorum_bps", "epoch_seconds", "emission_per_epoch", "high_performer_bps"), NILS)
    for name, value, unit in (
        ("quorum_bps", "10", "%"), ("epoch_seconds", "24", "hours"), ("emission_per_epoch", "10000", "IFM"),
        ("high_performer_bps", "1.2", "×"),
    ):  # fmt: skip
        assert f'name="{name}" value="{value}"' in html
        assert f'<span class="input-group-text">{unit}</span>' in html
    assert 'name="min_amount"' not in html
    assert "In force: 10%. Allowed: 1% … 50%." in html
    assert "csrfmiddlewaretoken" not in page(NEW, NILS)


@pytest.mark.usefixtures("network")
def test_a_proposal_can_be_made_and_voted_on() -> None:
    entered = {"title": "More", "body": "Why", "emission_per_epoch": "12000", "offences.dropout.self_bps": "10",
               "epoch_seconds": "12"}  # fmt: skip
    client, form = review(NILS, NEW, entered)
    assert (form["emission_per_epoch"], form["epoch_seconds"]) == ("12000", "12")
    locations = {client.post(NEW, form)["Location"] for _ in range(3)}
    made = Proposal.objects.get()
    assert locations == {f"/proposals/{made.pk}/"}
    assert made.changes == {
        "epoch_seconds": 43_200,
        "emission_per_epoch": "12000.000000",
        "offences": [{"name": "dropout", "self_bps": 1_000}],
    }
    html = page(f"/proposals/{made.pk}/", ANN)
    assert "12,000 IFM" in html
    client, form = review(ANN, f"/proposals/{made.pk}/vote/", {"choice": "for", "reason": ""})
    assert client.post(f"/proposals/{made.pk}/vote/", form).status_code == 303
    assert Vote.objects.get(proposal=made).choice == "for"


@pytest.mark.usefixtures("network")
def test_numbers_are_read_in_the_style_of_the_reader() -> None:
    client = browser(NILS)
    client.cookies["language"] = "de"
    answer = client.post(NEW, {"title": "Mehr", "quorum_bps": "12,5", "min_amount": "1.500"})
    assert answer.status_code == 400
    assert "1.000" in answer.content.decode()
    ambiguous = browser(NILS).post(NEW, {"title": "More", "min_amount": "2,500"})
    assert "min_amount" in ambiguous.content.decode()


@pytest.mark.parametrize(
    ("wallet", "entered", "status", "error"),
    [
        (NILS, {"quorum_bps": "0.5"}, 400, "Enter a value from 1% to 50%."),
        (NILS, {"quorum_bps": "12.345"}, 400, "Enter at most 2 decimals."),
        (NILS, {"quorum_bps": "many"}, 400, "“many” cannot be read."),
        (NILS, {"quorum_bps": "10"}, 400, "Enter another value: 10% is in force."),
        (NILS, {"emission_per_epoch": "1e3"}, 400, "“1e3” cannot be read."),
        (NILS, {"slash_burn_bps": "60"}, 400, "must add to 100%."),
        (NILS, {"tiers.1.minimum": "5000"}, 400, "the minimum of each following tier must be higher"),
        (NILS, {"unbonding_seconds": "1"}, 400, "The unbonding period must be at least as long"),
        (NILS, {"sla_min_jobs": "1.5"}, 400, "Enter a whole number."),
        (NILS, {"quorum_bps": "12", "title": ""}, 400, "This field is required."),
        (
            NILS,
            {"quorum_bps": "12", "version": "7"},
            400,
            "The parameters have changed since you opened this form.",
        ),
        (ANN, {"quorum_bps": "9"}, 403, "<code>no_voting_power</code>"),
    ],
)
def test_an_invalid_proposal_shows_the_error_at_the_field_and_the_entered_values(
    network: None, wallet: str, entered: dict[str, str], status: int, error: str
) -> None:
    answer = browser(wallet).post(NEW, {"title": "My title", **entered})
    html = answer.content.decode()
    assert (answer.status_code, Proposal.objects.count()) == (status, 0)
    assert error in html
    for key, value in entered.items():
        if key not in ("title", "version"):
            assert f'name="{key}" value="{value}"' in html
            if status == 400 and "version" not in entered and "title" not in entered:
                assert html.index(error) > html.index(f'name="{key}"')
                assert "autofocus" in html


@pytest.mark.usefixtures("network")
def test_a_post_without_parameters_leads_to_the_choice() -> None:
    answer = browser(NILS).post(NEW, {"title": "Nothing"})
    assert (answer.status_code, answer["Location"]) == (303, NEW)


@pytest.mark.usefixtures("network")
def test_the_effect_is_shown_by_post_without_making_a_proposal() -> None:
    entered = {"emission_per_epoch": "12000", "q_latency_bps": "20", "effect": "1"}
    html = browser(NILS).post(NEW, entered).content.decode()
    assert "Effect on past epochs" in html
    part = browser(NILS).post(NEW, entered, headers={"HX-Request": "true"}).content.decode()
    assert "Effect on past epochs" in part
    assert 'id="effect-emission_per_epoch"' in part
    assert "This change alone" in part
    assert "<h1" not in part
    broken = browser(NILS).post(NEW, entered | {"q_latency_bps": "x"}, headers={"HX-Request": "true"})
    assert "Enter valid values to see their effect" in broken.content.decode()
    assert not Proposal.objects.exists()


@pytest.mark.usefixtures("network")
def test_an_open_proposal_on_the_same_parameter_is_named() -> None:
    made = propose(title="First", body="", changes={"quorum_bps": 900}, wallet=NILS, now=scenario.now())
    html = page(chosen("quorum_bps", "min_amount"), NILS)
    assert f'<a href="/proposals/{made.pk}/">Proposal {made.pk}</a> would change this parameter to 9%' in html


@pytest.mark.usefixtures("network")
def test_going_back_from_the_review_keeps_the_values() -> None:
    client, form = review(NILS, NEW, {"title": "More", "quorum_bps": "12.5"})
    html = client.post(NEW, {**form, "edit": "1"}).content.decode()
    assert 'name="quorum_bps" value="12.5"' in html
    assert 'value="More"' in html
    assert not Proposal.objects.exists()


@pytest.mark.usefixtures("network")
def test_a_repeated_confirmation_leads_to_the_proposal_after_its_execution() -> None:
    client, form = review(NILS, NEW, {"title": "More", "quorum_bps": "12.5"})
    first = client.post(NEW, form)["Location"]
    Proposal.objects.update(status="executed")
    from staking.services.parameters import schedule

    schedule(
        changes={"quorum_bps": 1_250}, from_epoch=scenario.epoch().number + 1, proposal=1, now=scenario.now()
    )
    scenario.settle()
    assert client.post(NEW, form)["Location"] == first
    assert Proposal.objects.count() == 1


@pytest.mark.usefixtures("network")
def test_the_query_count_does_not_grow_with_the_parameters() -> None:
    client = browser(NILS)

    def queries(*keys: str) -> int:
        client.get(chosen(*keys))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(chosen(*keys)).status_code == 200
        return len(captured)

    assert queries("quorum_bps") == queries("quorum_bps", "min_amount", "tiers.1.minimum", "tiers.2.minimum")


@pytest.mark.parametrize(("key", "value"), list(numbers_of(to_json(DEFAULTS))))
@pytest.mark.parametrize("style", ["point", "comma"])
def test_every_value_in_force_is_read_back_as_it_is_shown(key: str, value: Any, style: str) -> None:
    field = field_of(key, value)
    with write_numbers(style):
        typed = field.prepare_value(field.initial)
        assert field.to_python(typed) == field.initial
        assert show(key, value)


@pytest.mark.parametrize("seconds", [60, 90, 3_600, 43_200, 604_800])
def test_epoch_lengths_of_any_network_are_entered_in_whole_units(seconds: int) -> None:
    changes = {"epoch_seconds": seconds, "heartbeat_slot_seconds": 30}
    params = apply_changes(DEFAULTS, changes | {"unbonding_seconds": max(604_800, 3 * seconds)})
    field = field_of("epoch_seconds", to_json(params)["epoch_seconds"])
    unit = field.unit_seconds  # type: ignore[attr-defined]
    assert seconds % unit == 0
    assert canonical_number(seconds * 10**6 // unit, 6).isdigit()
    assert MICRO == 10**6
