"""The operator's page of commitments, the node's card, and the API of both."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from eth_account import Account
from eth_account.messages import encode_defunct

from identity.tokens import issue
from protocol.addresses import checksum
from protocol.amounts import MICRO
from staking.models import Commitment, ShareAnnouncement
from staking.services.nodes import change
from tests.governance import scenario
from tests.governance.scenario import ANN, HONEST, NILS
from tests.governance.site import browser, fields, page
from tests.shared_rows import shared

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("network")]

PLACE = f"/operator/{HONEST}/commitments/"


@shared
def network() -> None:
    scenario.begin()
    scenario.advance_clock()


def confirm(where: str, form: dict[str, str]) -> Client:
    """Send a form, then its review, twice."""
    client = browser(NILS)
    answer = client.post(where, form)
    assert answer.status_code == 200, answer.content.decode()[-3_000:]
    sent = fields(answer.content.decode(), where)
    for _ in range(2):
        assert client.post(where, sent).status_code == 303
    return client


def api(wallet: str, method: str, where: str, body: Any = None) -> Any:
    secret, _ = issue(wallet=wallet, scope="write", now=timezone.now())
    return Client().generic(
        method,
        f"/api/v1/{where}",
        json.dumps(body).encode() if body is not None else b"",
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )


def test_an_operator_commits_once_and_delegators_see_it_on_the_node(client: Client) -> None:
    assert "Commitments of the operator" not in page(f"/nodes/{HONEST}/")
    confirm(PLACE, {"minimum_share_bps": "75.5", "notice_epochs": "3"})
    made = Commitment.objects.get()
    assert (made.minimum_share_bps, made.notice_epochs, made.maximum_delegated) == (7_550, 3, None)
    html = page(f"/nodes/{HONEST}/")
    assert "Delegator share of at least 75.50%" in html
    assert "A lower share is announced 3 epochs ahead" in html
    assert "Kept" in html


def test_a_broken_commitment_is_shown_with_its_figure() -> None:
    confirm(PLACE, {"minimum_share_bps": "80"})
    change(node=HONEST, actor=NILS, changes={"delegator_share_bps": 7_800}, now=scenario.now())
    html = page(f"/nodes/{HONEST}/")
    assert "Broken" in html
    assert "The share fell to 78% in epoch 3" in html


def test_impossible_terms_are_refused_at_their_field_and_nothing_is_lost() -> None:
    client = browser(NILS)
    answer = client.post(PLACE, {"minimum_share_bps": "85", "notice_epochs": "3"})
    html = answer.content.decode()
    assert answer.status_code == 400
    assert "Enter at most the delegator share in force." in html
    assert 'value="85"' in html
    assert 'value="3"' in html
    answer = client.post(PLACE, {"minimum_share_bps": "", "maximum_delegated": "1000"})
    assert "Set the delegation cap to this amount or less first." in answer.content.decode()
    answer = client.post(PLACE, {})
    assert "Promise at least one of the three." in answer.content.decode()
    assert not Commitment.objects.exists()


def test_a_commitment_is_withdrawn_after_a_review() -> None:
    confirm(PLACE, {"minimum_share_bps": "80", "notice_epochs": "2"})
    confirm(f"{PLACE}withdraw/", {})
    assert Commitment.objects.get().ends_epoch == 4
    assert "ends with the opening of epoch 4" in page(f"/nodes/{HONEST}/")


def test_a_lower_share_is_announced_and_delegators_are_notified() -> None:
    confirm(f"{PLACE}announce/", {"share_bps": "77", "from_epoch": "5"})
    made = ShareAnnouncement.objects.get()
    assert (made.share_bps, made.from_epoch, made.epoch) == (7_700, 5, 2)
    assert "announces a delegator share of 77.00% from epoch 5 on" in page("/inbox/", ANN)
    assert "A share of 77.00% from epoch 5 on, announced in epoch 2; not used yet" in page(
        f"/nodes/{HONEST}/"
    )


def test_used_and_past_announcements_stay_in_the_history() -> None:
    confirm(PLACE, {"notice_epochs": "1"})
    confirm(f"{PLACE}announce/", {"share_bps": "77", "from_epoch": "3"})
    change(node=HONEST, actor=NILS, changes={"delegator_share_bps": 7_700}, now=scenario.now())
    html = page(f"/nodes/{HONEST}/")
    assert "announced in epoch 2; used by the reduction of epoch 3" in html
    assert "Broken" not in html
    shown = api(ANN, "GET", f"nodes/{HONEST}/commitments").json()["announcements"]
    assert [(row["from_epoch"], row["served_epoch"]) for row in shown] == [(3, 3)]


def test_the_pages_belong_to_the_operator() -> None:
    assert browser(ANN).get(PLACE).status_code == 404
    for where in ("", "withdraw/", "announce/"):
        assert browser(ANN).post(PLACE + where, {"minimum_share_bps": "80"}).status_code == 404
    assert "Sign in" in page(PLACE)
    assert not Commitment.objects.exists()


def test_the_api_makes_reads_and_withdraws_commitments() -> None:
    answer = api(NILS, "POST", f"nodes/{HONEST}/commitments", {"minimum_share_bps": 7_500})
    assert answer.status_code == 200, answer.content
    shown = api(ANN, "GET", f"nodes/{HONEST}").json()["commitment"]
    assert (shown["minimum_share_bps"], shown["notice_epochs"], shown["maximum_delegated"]) == (
        7_500,
        None,
        None,
    )
    assert (shown["from_epoch"], shown["kept"]) == (2, True)
    assert api(ANN, "POST", f"nodes/{HONEST}/commitments", {}).json()["code"] == "not_operator"
    body = api(NILS, "POST", f"nodes/{HONEST}/commitments", {}).json()
    assert body["kept"] is True
    assert body["commitments"][0]["ends_epoch"] == 3
    assert api(ANN, "GET", f"nodes/{HONEST}").json()["commitment"] is None
    scenario.settle()
    scenario.advance_clock()
    assert api(ANN, "GET", f"nodes/{HONEST}/commitments").json()["kept"] is False


def test_the_api_shows_what_broke_a_commitment_and_filters_by_kept_promises() -> None:
    change(node=HONEST, actor=NILS, changes={"delegation_cap": 900 * MICRO}, now=scenario.now())
    body = {"maximum_delegated": "900.000000", "minimum_share_bps": 8_000}
    assert api(NILS, "POST", f"nodes/{HONEST}/commitments", body).status_code == 200
    listed = api(ANN, "GET", "nodes?promises_kept=true").json()["results"]
    assert [row["address"] for row in listed] == [checksum(HONEST)]
    change(node=HONEST, actor=NILS, changes={"delegator_share_bps": 7_800}, now=scenario.now())
    answer = api(ANN, "GET", f"nodes/{HONEST}/commitments").json()
    assert answer["commitments"][0]["breaches"] == [
        {"term": "minimum_share", "epoch": 3, "share_bps": 7_800, "delegated": None}
    ]
    assert api(ANN, "GET", "nodes?promises_kept=true").json()["results"] == []
    rows = {row["address"]: row["commitment"] for row in api(ANN, "GET", "nodes").json()["results"]}
    assert rows[checksum(HONEST)]["kept"] is False
    assert rows[checksum(HONEST)]["maximum_delegated"] == "900.000000"
    assert rows[checksum(scenario.SLASHED)] is None


def test_the_api_announces_a_lower_share() -> None:
    answer = api(
        NILS, "POST", f"nodes/{HONEST}/announcements", {"delegator_share_bps": 7_700, "from_epoch": 5}
    )
    assert answer.status_code == 201
    assert (answer.json()["delegator_share_bps"], answer.json()["served_epoch"]) == (7_700, None)
    refused = api(
        NILS, "POST", f"nodes/{HONEST}/announcements", {"delegator_share_bps": 8_500, "from_epoch": 5}
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("epoch", [2 + 366, 2**31, 2**63 - 1])
def test_an_epoch_far_ahead_is_refused_at_its_field(epoch: int) -> None:
    body = {"delegator_share_bps": 7_700, "from_epoch": epoch}
    answer = api(NILS, "POST", f"nodes/{HONEST}/announcements", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["errors"][0]["field"] == "from_epoch"
    assert "Enter an epoch up to 367." in answer.json()["detail"]
    sent = browser(NILS).post(f"{PLACE}announce/", {"share_bps": "77", "from_epoch": str(epoch)})
    assert sent.status_code == 400
    assert "Enter a value from 3 to 367." in sent.content.decode()


KEY = Account.from_key("0x" + "31" * 32)
OTHER = Account.from_key("0x" + "32" * 32)
SIGNER, OWN = KEY.address.lower(), scenario.address(0xA3)


def own_node() -> str:
    """Register a node of an operator whose key is known; its place of commitments."""
    scenario.run_node(OWN, SIGNER, 1_000 * MICRO)
    return f"/operator/{OWN}/commitments/"


def to_sign(client: Client, where: str, terms: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The text on the review of terms, and the fields that its button sends."""
    html = client.post(where, terms).content.decode()
    text = re.search(r'id="text-to-sign">(.*?)</pre>', html, re.S)
    assert text
    return unescape(text[1]), fields(html, where)


def sign(text: str, key: Any = KEY) -> str:
    return "0x" + bytes(key.sign_message(encode_defunct(text=text)).signature).hex()


def test_a_commitment_is_signed_by_the_operators_wallet_and_can_be_checked() -> None:
    where = own_node()
    client = browser(SIGNER)
    text, sent = to_sign(client, where, {"minimum_share_bps": "75", "notice_epochs": "3"})
    assert text.splitlines() == [
        "InfraMind Staking: commitment to delegators",
        "",
        f"Node: {checksum(OWN)}",
        f"Operator: {KEY.address}",
        "Delegator share, at least: 7500 bps",
        "Notice before a lower share: 3 epochs",
        "Delegated stake, at most: not promised",
        "From epoch: 2",
        "Chain ID: 31337",
    ]
    for _ in range(2):
        assert client.post(where, sent | {"signature": sign(text)}).status_code == 303
    html = page(f"/nodes/{OWN}/")
    assert "Signed by the operator’s wallet" in html
    assert sign(text) in html
    shown = api(ANN, "GET", f"nodes/{OWN}/commitments").json()["commitments"][0]
    assert (shown["signed_text"], shown["signature"]) == (text, sign(text))
    assert (
        Account.recover_message(encode_defunct(text=shown["signed_text"]), signature=shown["signature"])
        == KEY.address
    )


@pytest.mark.parametrize("wrong", ["other key", "other text", "no hex", "too long"])
def test_a_signature_that_is_not_of_these_terms_is_refused_and_nothing_is_promised(wrong: str) -> None:
    where = own_node()
    client = browser(SIGNER)
    text, sent = to_sign(client, where, {"minimum_share_bps": "75"})
    signature = {
        "other key": sign(text, OTHER), "other text": sign(text.replace("7500", "5000")), "no hex": "signed",
        "too long": "0x" + "11" * 9_000,
    }[wrong]  # fmt: skip
    answer = client.post(where, sent | {"signature": signature})
    assert answer.status_code == 400
    assert "The signature is not this wallet" in answer.content.decode() or wrong == "no hex"
    assert not Commitment.objects.exists()


def test_a_commitment_without_a_signature_says_so_and_can_be_signed_later() -> None:
    where = own_node()
    client = browser(SIGNER)
    _, sent = to_sign(client, where, {"minimum_share_bps": "75"})
    assert client.post(where, sent).status_code == 303
    assert "Made in a signed-in session, without a signature of its own." in page(f"/nodes/{OWN}/")
    again, sent = to_sign(client, where, {"minimum_share_bps": "75"})
    assert client.post(where, sent | {"signature": sign(again)}).status_code == 303
    assert [row.signature is not None for row in Commitment.objects.order_by("id")] == [False, True]


def test_a_program_signs_the_text_that_the_api_names() -> None:
    own_node()
    place, terms = f"nodes/{OWN}/commitments", {"minimum_share_bps": 7_500}
    named = api(SIGNER, "POST", f"{place}/text", terms).json()
    assert named["from_epoch"] == 2
    assert not Commitment.objects.exists()
    refused = api(SIGNER, "POST", place, terms | {"signature": sign(named["text"], OTHER)})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")
    assert not Commitment.objects.exists()
    made = api(SIGNER, "POST", place, terms | {"signature": sign(named["text"])}).json()["commitments"][0]
    assert (made["signed_text"], made["signature"]) == (named["text"], sign(named["text"]))


@pytest.mark.parametrize("signature", [5, ["0x00"], "0x" + "11" * 9_000, "signed"])
def test_the_api_refuses_a_signature_that_cannot_be_one(signature: Any) -> None:
    own_node()
    answer = api(
        SIGNER, "POST", f"nodes/{OWN}/commitments", {"minimum_share_bps": 7_500, "signature": signature}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not Commitment.objects.exists()
