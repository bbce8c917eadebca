"""The page of standing orders and the notification that leads to the prepared action."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs

import pytest
from django.test import Client

from delegation.models import Redelegation, StandingOrder
from delegation.services.standing_orders import evaluate_orders
from protocol.addresses import checksum
from protocol.amounts import MICRO
from staking.services import nodes
from staking.services.stakes import unstake
from tests.governance import scenario
from tests.governance.scenario import ANN, HONEST, NILS, SLASHED
from tests.governance.site import browser, fields, page
from tests.shared_rows import shared

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("network")]

PLACE = "/orders/"
TO_SLASHED = f"/money/redelegate/?node={checksum(HONEST)}&amount=all&to={checksum(SLASHED)}"
BACK = f"/money/undelegate/?node={checksum(HONEST)}&amount=all"
LATER = f"/orders/prepared/?node={checksum(HONEST)}&to={checksum(SLASHED)}"


@shared
def network() -> None:
    scenario.begin()
    scenario.advance_clock()


def form(**fields: str) -> dict[str, str]:
    return {"node": HONEST, "condition": "operator_unbonds", "action": "undelegate"} | fields


def test_a_rule_is_saved_listed_and_deleted() -> None:
    client = browser(ANN)
    answer = client.post(PLACE, form(condition="share_below", share="79.5"))
    assert (answer.status_code, answer["Location"]) == (303, PLACE)
    row = StandingOrder.objects.get()
    assert (row.wallet, row.node.address, row.threshold, row.target) == (ANN, HONEST, 7_950, None)
    html = page(PLACE, ANN)
    assert "The delegator share is below 79.50%" in html
    assert "Undelegate everything" in html
    assert "No standing orders yet." in page(PLACE, NILS)
    assert browser(NILS).post(f"{PLACE}{row.pk}/delete/").status_code == 303
    assert StandingOrder.objects.exists()
    assert client.post(f"{PLACE}{row.pk}/delete/").status_code == 303
    assert not StandingOrder.objects.exists()


def reach_the_cap() -> None:
    """End the room for delegations on the honest node, where Ann, Ben and Cat have 900 IFM."""
    nodes.change(node=HONEST, actor=NILS, changes={"delegation_cap": 900 * MICRO}, now=scenario.now())
    assert evaluate_orders(now=scenario.now()) == 1


def confirmed(client: Client, link: str) -> str:
    """Follow the link of a prepared action through its review; the page of the result."""
    form = client.get(link, follow=True)
    assert form.status_code == 200
    place, query = form.request["PATH_INFO"], parse_qs(form.request["QUERY_STRING"])
    review = client.get(f"{place}review/", {name: values[0] for name, values in query.items()}, follow=True)
    assert review.status_code == 200, review.content.decode()
    answer = client.post(f"{place}review/", fields(review.content.decode(), f"{place}review/"))
    assert answer.status_code == 303, answer.content.decode()
    return client.get(answer["Location"]).content.decode()


def test_a_match_leads_to_a_redelegation_that_can_be_confirmed() -> None:
    client = browser(ANN)
    assert (
        client.post(PLACE, form(condition="cap_reached", action="redelegate", target="a1")).status_code == 303
    )
    reach_the_cap()
    html = page(PLACE, ANN)
    assert escape(TO_SLASHED) in html
    assert html.count("Redelegate everything to a1") == 2
    assert escape(LATER) in page("/inbox/", ANN)
    assert "Your standing order: a2 has reached its delegation cap." in page("/inbox/", ANN)
    assert client.get(LATER)["Location"] == TO_SLASHED
    assert "400.00 IFM will move from a2 to a1" in confirmed(client, LATER)
    assert Redelegation.objects.get().amount == 400 * MICRO


def test_while_the_operator_unbonds_the_undelegation_is_prepared_and_can_be_confirmed() -> None:
    client = browser(ANN)
    assert (
        client.post(PLACE, form(condition="cap_reached", action="redelegate", target="a1")).status_code == 303
    )
    reach_the_cap()
    unstake(node=HONEST, amount=10 * MICRO, actor=NILS, now=scenario.now())
    html = page(PLACE, ANN)
    assert escape(BACK) in html
    assert escape(TO_SLASHED) not in html
    assert html.count("Undelegate everything") == 1
    assert client.get(LATER)["Location"] == BACK
    assert "Unbonding 400.00 IFM from a2" in confirmed(client, LATER)


def test_on_the_target_of_a_rule_for_all_delegations_the_undelegation_is_prepared() -> None:
    client = browser(ANN)
    rule = form(node="", condition="cap_reached", action="redelegate", target="a2")
    assert client.post(PLACE, rule).status_code == 303
    reach_the_cap()
    html = page(PLACE, ANN)
    assert (html.count("Redelegate everything to a2"), html.count("Undelegate everything")) == (1, 1)
    assert escape(BACK) in html
    assert "Unbonding 400.00 IFM from a2" in confirmed(client, f"/orders/prepared/?node={HONEST}&to={HONEST}")


def test_an_undelegation_is_prepared_with_everything() -> None:
    client = browser(ANN)
    assert client.post(PLACE, form()).status_code == 303
    unstake(node=HONEST, amount=10 * MICRO, actor=NILS, now=scenario.now())
    evaluate_orders(now=scenario.now())
    assert escape(BACK) in page(PLACE, ANN)
    assert "Unbonding 400.00 IFM from a2" in confirmed(client, BACK)


@pytest.mark.parametrize("query", ["", f"?node={ANN}", f"?node={HONEST}&to={ANN}", "?node=x"])
def test_no_action_is_prepared_for_an_unknown_node(query: str) -> None:
    assert browser(ANN).get(f"/orders/prepared/{query}").status_code == 404


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"condition": "share_below"}, "Enter a limit for this condition."),
        ({"condition": "share_below", "share": "50"}, "Enter a value from 50.01% to 100%."),
        ({"condition": "slashed", "epochs": "3"}, "This limit belongs to another condition: leave the field empty."),
        ({"condition": "degraded", "epochs": "3", "apr": "5"}, "This limit belongs to another condition"),
        ({"condition": "rain"}, "Select a valid choice"),
        ({"node": SLASHED}, "Select a valid choice"),
        ({"action": "redelegate", "target": "a1"},
         "While its operator unbonds, stake cannot be redelegated: choose to undelegate."),
        ({"condition": "slashed", "action": "redelegate"}, "Enter the node to redelegate to."),
        ({"action": "redelegate", "target": "nowhere"}, "No node has this name or address."),
        ({"condition": "slashed", "action": "redelegate", "target": HONEST},
         "Enter another node: the delegation is already on this one."),
        ({"target": SLASHED}, "Leave the target empty, or choose to redelegate."),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused_at_its_field_and_nothing_is_lost(
    typed: dict[str, str], message: str
) -> None:
    answer = browser(ANN).post(PLACE, form(**typed))
    html = answer.content.decode()
    assert answer.status_code >= 400
    assert message in html
    for name in ("share", "epochs", "apr"):
        if name in typed:
            assert f'value="{typed[name]}"' in html
    assert not StandingOrder.objects.exists()


def test_the_page_needs_a_wallet() -> None:
    assert "Sign in" in page(PLACE)
