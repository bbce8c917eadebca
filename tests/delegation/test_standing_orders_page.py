"""The page of standing orders and the notification that leads to the prepared action."""

from __future__ import annotations

import pytest

from delegation.models import StandingOrder
from delegation.services.standing_orders import evaluate_orders
from protocol.addresses import checksum
from protocol.amounts import MICRO
from staking.services.stakes import unstake
from tests.governance import world
from tests.governance.site import browser, page
from tests.governance.world import ANN, HONEST, NILS, SLASHED
from tests.shared_rows import shared

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("network")]

PLACE = "/orders/"
TO_SLASHED = f"/money/redelegate/?node={checksum(HONEST)}&amount=all&to={checksum(SLASHED)}".replace(
    "&", "&amp;"
)
BACK = f"/money/undelegate/?node={checksum(HONEST)}&amount=all".replace("&", "&amp;")


@shared
def network() -> None:
    world.begin()
    world.advance_clock()


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


def test_a_match_leads_to_the_prepared_action_on_the_page_and_in_the_inbox() -> None:
    client = browser(ANN)
    name = "a1"
    assert client.post(PLACE, form(action="redelegate", target=name)).status_code == 303
    unstake(node=HONEST, amount=10 * MICRO, actor=NILS, now=world.now())
    assert evaluate_orders(now=world.now()) == 1
    for where in (PLACE, "/inbox/"):
        assert TO_SLASHED in page(where, ANN), where
    assert "Your standing order: the operator of a2 unbonds own stake." in page("/inbox/", ANN)
    prepared = client.get(TO_SLASHED.replace("&amp;", "&"))
    assert prepared.status_code == 200


def test_an_undelegation_is_prepared_with_everything() -> None:
    client = browser(ANN)
    assert client.post(PLACE, form()).status_code == 303
    unstake(node=HONEST, amount=10 * MICRO, actor=NILS, now=world.now())
    evaluate_orders(now=world.now())
    assert BACK in page(PLACE, ANN)
    html = client.get(BACK.replace("&amp;", "&")).content.decode()
    assert "400.00" in html


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"condition": "share_below"}, "Enter a limit for this condition."),
        ({"condition": "share_below", "share": "50"}, "Enter a value from 50.01% to 100%."),
        ({"condition": "slashed", "epochs": "3"}, "This limit belongs to another condition: leave the field empty."),
        ({"condition": "degraded", "epochs": "3", "apr": "5"}, "This limit belongs to another condition"),
        ({"condition": "rain"}, "Select a valid choice"),
        ({"node": SLASHED}, "Select a valid choice"),
        ({"action": "redelegate"}, "Enter the node to redelegate to."),
        ({"action": "redelegate", "target": "nowhere"}, "No node has this name or address."),
        ({"action": "redelegate", "target": HONEST}, "Enter another node: the delegation is already on this one."),
        ({"target": SLASHED}, "Leave the target empty, or choose to redelegate."),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused_at_its_field_and_nothing_is_lost(
    fields: dict[str, str], message: str
) -> None:
    answer = browser(ANN).post(PLACE, form(**fields))
    html = answer.content.decode()
    assert answer.status_code >= 400
    assert message in html
    for name in ("share", "epochs", "apr"):
        if name in fields:
            assert f'value="{fields[name]}"' in html
    assert not StandingOrder.objects.exists()


def test_the_page_needs_a_wallet() -> None:
    assert "Sign in" in page(PLACE)
